create or replace function rota_core.due_held(place rota_core.event_position, max_events int)
returns rota_core.event_page
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_page rota_core.event_page;
begin
  select
    jsonb_agg(d.event order by d.event_id), array_agg(d.event_id order by d.event_id),
    array_agg(d.key order by d.event_id)
  into v_page.events, v_page.ids, v_page.keys
  from (
    select
      h.event_id, h.key, h.event,
      sum(pg_column_size(h.event)) over (order by h.event_id) - pg_column_size(h.event) as before
    from rota_core.held_event as h
    where h.subscription = (place).subscription and h.shard = (place).shard
      and h.next_at <= v_now
    order by h.event_id
    -- What took a worker down or its time away is tried by itself.
    limit case when rota_core.is_heavy(place) then 1 else due_held.max_events end
  ) as d
  -- A megabyte as stored may be a hundred in memory.
  where d.before <= 1000000;
  return v_page;
end;
$$;

comment on function rota_core.due_held(rota_core.event_position, int) is
$doc$The events of a shard's retry list that are due, oldest first.$doc$;

revoke all on function rota_core.due_held(rota_core.event_position, int) from public;
