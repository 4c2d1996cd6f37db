create or replace function rota_core.store_position(at rota_core.position)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.position as p
  set
    (low, low_id, high, high_id, phase, last_id, trial_size, trial_error, delivered, moved_at,
      wake_at) =
    ((at).low, (at).low_id, (at).high, (at).high_id, (at).phase, (at).last_id, (at).trial_size,
      (at).trial_error, (at).delivered, rota_core.wall_clock(), (at).wake_at)
  where p.subscription = (at).subscription and p.shard = (at).shard;
end;
$$;

comment on function rota_core.store_position(rota_core.position) is
$doc$Writes down how far a shard has read. The caller holds the position's row.$doc$;

revoke all on function rota_core.store_position(rota_core.position) from public;
