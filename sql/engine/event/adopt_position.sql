create or replace function rota_core.adopt_position(place rota_core.event_position)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now constant timestamptz := rota_core.wall_clock();
  v_at rota_core.event_position := place;
  v_source rota_core.subscription;
  v_first constant bigint := case when (place).phase = 1 and (place).high is not null
    then greatest((place).low_id, (place).last_id | 1023) else (place).low_id end;
  v_group record;
  v_page rota_core.event_page;
  v_held bigint := 0;
begin
  select s.* into v_source
  from rota_core.subscription as s where s.subscription = (place).subscription;
  -- The copies carry their keys, and are picked by number.
  v_source.ordered := true;
  v_at.phase := 0;

  for v_group in
    select
      coalesce(pg_visible_in_snapshot(e.xid, (place).high), false) as is_in_window,
      array_agg(e.event_id order by e.event_id) as chunks, array_agg(distinct e.topic) as topics
    from rota_core.event as e
    where e.event_id <= v_first
      and (e.xid >= pg_snapshot_xmin((place).low) or e.event_id > (place).low_id)
      and e.topic like rota_core.topic_pattern(v_source.topic)
      and (v_source.types is null or e.type = any(v_source.types))
      and not rota_core.has_passed(place, e.xid, e.event_id, e.events)
    group by 1
  loop
    -- Of the window's a part may have been passed; what it does not hold is all to come.
    v_at.last_id := case when v_group.is_in_window then (place).last_id else 0 end;
    v_page := rota_core.page_events(
      v_at, v_source, v_group.chunks, v_group.topics, 2147483647
    );
    insert into rota_core.held_event (subscription, event_id, shard, key, event, next_at, held_at)
    select
      (place).subscription, u.event_id, (place).shard, u.key,
      (v_page).events -> (u.ordinal - 1)::int, v_now, v_now
    from unnest(v_page.ids, v_page.keys) with ordinality as u (event_id, key, ordinal)
    on conflict do nothing;
    v_held := v_held + coalesce(cardinality(v_page.ids), 0);
  end loop;

  update rota_core.event_position as p
  set
    low = '3:3:', low_id = v_first, high = null, high_id = null, phase = 1, last_id = 0,
    cluster = rota_core.cluster_id(), trial_size = null, trial_error = null, moved_at = v_now,
    wake_at = v_now
  where p.subscription = (place).subscription and p.shard = (place).shard;
  return v_held;
end;
$$;

comment on function rota_core.adopt_position(rota_core.event_position) is
$doc$Lets a position of another cluster begin anew behind the last number that it has come to. What
is below that and has not been delivered goes to the retry list, due now: returns how much. The
arithmetic of the old snapshots is still right, for events that have the old numbers of
transactions.$doc$;

revoke all on function rota_core.adopt_position(rota_core.event_position) from public;
