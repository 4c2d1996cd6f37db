create or replace function rota_core.page_chunks(
  place rota_core.event_position, source rota_core.subscription, max_events int,
  out chunks bigint[], out topics text[], out total bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_since constant bigint := greatest(
    ((place).last_id + 1) / 1024 * 1024, case (place).phase when 1 then (place).low_id + 1 end
  );
  v_like constant text := rota_core.topic_pattern((source).topic);
  -- A page is as full with a megabyte as stored as with so many events.
  v_byte_share constant int := greatest(1, 1000000 / max_events);
  v_rows int := 40;
begin
  if (place).phase = 0 then
    select p.chunks, p.topics, p.total
    into page_chunks.chunks, page_chunks.topics, page_chunks.total
    from rota_core.page_stragglers(place, source, v_since, max_events) as p;
    return;
  end if;

  -- Rows may hold one event or a thousand: a few are looked at before many.
  loop
    if strpos((source).topic, '*') = 0 then
      select array_agg(e.event_id order by e.event_id), array[(source).topic], sum(e.weight)
      into chunks, topics, total
      from (
        select c.event_id, c.weight, sum(c.weight) over (order by c.event_id) - c.weight as before
        from (
          select
            r.event_id, r.events + (
              coalesce(pg_column_size(r.record), 0) + coalesce(pg_column_size(r.old_record), 0)
            ) / v_byte_share as weight
          from rota_core.event as r
          where r.topic = (source).topic and r.event_id between v_since and (place).high_id
            and pg_visible_in_snapshot(r.xid, (place).high)
            and ((source).types is null or r.type = any((source).types))
          order by r.event_id
          limit v_rows
        ) as c
      ) as e
      where e.before <= page_chunks.max_events;
    else
      select array_agg(e.event_id order by e.event_id), array_agg(distinct e.topic), sum(e.weight)
      into chunks, topics, total
      from (
        select
          c.event_id, c.weight, c.topic,
          sum(c.weight) over (order by c.event_id) - c.weight as before
        from (
          select
            r.event_id, r.topic, r.events + (
              coalesce(pg_column_size(r.record), 0) + coalesce(pg_column_size(r.old_record), 0)
            ) / v_byte_share as weight
          from rota_core.event as r
          where r.topic like v_like and r.event_id between v_since and (place).high_id
            and pg_visible_in_snapshot(r.xid, (place).high)
            and ((source).types is null or r.type = any((source).types))
          order by r.event_id
          limit v_rows
        ) as c
      ) as e
      where e.before <= page_chunks.max_events;
    end if;
    exit when chunks is null or total > max_events or cardinality(chunks) < v_rows
      or v_rows > max_events;
    v_rows := max_events + 1;
  end loop;
end;
$$;

comment on function rota_core.page_chunks(rota_core.event_position, rota_core.subscription, int) is
$doc$The next rows of the log in a position's open window, enough for so many events, or a
megabyte as stored, and what they come to, in events: no more than asked for where the window or
its phase ends with them. Nulls where there is none.

In phase 0 the stragglers, by transaction; in phase 1 the rows beyond low_id, by number: low sees
none of them, unless a replay has set low_id back.$doc$;

revoke all on function rota_core.page_chunks(rota_core.event_position, rota_core.subscription, int)
from public;
