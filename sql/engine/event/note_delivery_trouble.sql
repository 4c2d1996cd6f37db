create or replace function rota_core.note_delivery_trouble(
  run rota_core.run, error jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rota_core.event_position as p
  set
    trial_size = case
      when p.trial_size < 0 then p.trial_size
      when p.trial_size > 0 or rota_core.is_heavy(p) then -coalesce(p.trial_size, 1)
      else greatest(s.batch_size, 500)
    end,
    trial_error = note_delivery_trouble.error
  from rota_core.subscription as s
  where s.subscription = p.subscription
    and p.subscription = (run).input ->> 'subscription'
    and p.shard = ((run).input ->> 'shard')::int;
end;
$$;

comment on function rota_core.note_delivery_trouble(rota_core.run, jsonb) is
$doc$After a reader ran out of time or took its worker down: those after it read as many events one
by one, each in its own transaction, so that the one to blame is known when it happens again. That
one is then held with the error, untried, and the number is below zero until it is.$doc$;

revoke all on function rota_core.note_delivery_trouble(rota_core.run, jsonb) from public;
