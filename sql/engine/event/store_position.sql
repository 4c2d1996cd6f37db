create or replace function rota_core.store_position(place rota_core.event_position)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.event_position as p
  set
    (low, low_id, high, high_id, phase, last_id, trial_size, trial_error, delivered, moved_at,
      wake_at) =
    ((place).low, (place).low_id, (place).high, (place).high_id, (place).phase, (place).last_id, (place).trial_size,
      (place).trial_error, (place).delivered, rota_core.wall_clock(), (place).wake_at)
  where p.subscription = (place).subscription and p.shard = (place).shard;
end;
$$;

comment on function rota_core.store_position(rota_core.event_position) is
$doc$Writes down how far a shard has read. The caller holds the position's row.$doc$;

revoke all on function rota_core.store_position(rota_core.event_position) from public;
