create or replace function rota_core.drop_event_partitions()
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_seen constant pg_snapshot := pg_current_snapshot();
  v_names text[];
  v_missed jsonb[];
  v_dropped int := 0;
begin
  -- All are looked through before the first is detached: that locks out every writer until the end
  -- of the transaction.
  select array_agg(d.name), array_agg(d.missed)
  into v_names, v_missed
  from rota_core.droppable_partitions() as d;

  for v_n in 1 .. coalesce(cardinality(v_names), 0) loop
    exit when not rota_core.drop_partition('event', v_names[v_n], v_seen);
    v_dropped := v_dropped + 1;
    insert into rota_core.missed_span (
      subscription, shard, first_id, last_id, events, dropped_at
    )
    select m.subscription, m.shard, m.first_id, m.last_id, m.events, rota_core.wall_clock()
    from jsonb_to_recordset(v_missed[v_n]) as m (
      subscription text, shard int, first_id bigint, last_id bigint, events bigint
    );
  end loop;
  return v_dropped;
end;
$$;

comment on function rota_core.drop_event_partitions() is
$doc$Drops the days of the event log that may go, and writes down what subscriptions miss by that.
Returns how many; one whose lock cannot be had at once is tried again a minute later.$doc$;

revoke all on function rota_core.drop_event_partitions() from public;
