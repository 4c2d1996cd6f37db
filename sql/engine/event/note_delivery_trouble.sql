create or replace function rota_core.note_delivery_trouble(
  run rota_core.run, error jsonb, is_final boolean
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.position as p
  set
    trial_size = case
      when p.trial_size <= 1 or rota_core.is_heavy(p) then 0
      else greatest(1, coalesce(p.trial_size, s.batch_size) / 4)
    end,
    trial_error = note_delivery_trouble.error,
    wake_at = case when is_final then rota_core.wall_clock() + interval '1 min' else p.wake_at end
  from rota_core.subscription as s
  where s.subscription = p.subscription
    and p.subscription = (run).input ->> 'subscription'
    and p.shard = ((run).input ->> 'shard')::int;
end;
$$;

comment on function rota_core.note_delivery_trouble(rota_core.run, jsonb, boolean) is
$doc$After a reader ran out of time or took its worker down: the next one tries a quarter of the
events, at last one by itself, and when that fails too it is held without being tried again
now.$doc$;

revoke all on function rota_core.note_delivery_trouble(rota_core.run, jsonb, boolean) from public;
