create or replace function rota_core.page_stragglers(
  place rota_core.event_position, source rota_core.subscription, since bigint, max_events int,
  out chunks bigint[], out topics text[], out total bigint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_like constant text := rota_core.topic_pattern((source).topic);
  -- A page is as full with a megabyte as stored as with so many events.
  v_byte_share constant int := greatest(1, 1000000 / max_events);
begin
  -- Stragglers: committed since low was taken, with numbers that were given out before. By their
  -- transactions: the index on topics is no way to them.
  select array_agg(s.event_id order by s.event_id), array_agg(distinct s.topic), sum(s.weight)
  into chunks, topics, total
  from (
    select
      c.event_id, c.weight, c.topic,
      sum(c.weight) over (order by c.event_id) - c.weight as before
    from (
      select
        e.event_id, e.topic, e.events + (
          coalesce(pg_column_size(e.record), 0) + coalesce(pg_column_size(e.old_record), 0)
        ) / v_byte_share as weight
      from rota_core.event as e
      where e.xid >= pg_snapshot_xmax((place).low) and e.xid < pg_snapshot_xmax((place).high)
        and e.event_id between page_stragglers.since and (place).low_id
        and pg_visible_in_snapshot(e.xid, (place).high)
        and e.topic || '' like v_like and ((source).types is null or e.type = any((source).types))
      union all
      select
        e.event_id, e.topic, e.events + (
          coalesce(pg_column_size(e.record), 0) + coalesce(pg_column_size(e.old_record), 0)
        ) / v_byte_share as weight
      from rota_core.event as e
      where e.xid = any(array(select pg_snapshot_xip((place).low)))
        and e.event_id between page_stragglers.since and (place).low_id
        and pg_visible_in_snapshot(e.xid, (place).high)
        and e.topic || '' like v_like and ((source).types is null or e.type = any((source).types))
      order by event_id
      limit page_stragglers.max_events + 1
    ) as c
  ) as s
  where s.before <= page_stragglers.max_events;
end;
$$;

comment on function rota_core.page_stragglers(
  rota_core.event_position, rota_core.subscription, bigint, int
) is
$doc$The part of page_chunks that reads phase 0: from a number up to low_id, what the position's
later snapshot sees and the earlier does not.$doc$;

revoke all on function rota_core.page_stragglers(
  rota_core.event_position, rota_core.subscription, bigint, int
) from public;
