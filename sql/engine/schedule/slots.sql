create or replace view rota.slots as
select
  s.schedule,
  s.slot,
  s.through,
  s.outcome,
  s.reason,
  s.run_id,
  s.fired_at,
  s.fired_by
from rota_core.slot as s;

comment on view rota.slots is
$doc$Each slot of a schedule and what became of it: started, waiting for an earlier run,
skipped (overlap, pause, calendar), missed (found too late) or failed to start. through:
the row stands for the slots up to then as well. For: rota_reader, rota_admin.$doc$;

revoke all on rota.slots from public;
grant select on rota.slots to rota_reader, rota_admin;
