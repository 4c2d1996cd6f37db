create or replace view rota.missed_deadlines as
select
  m.schedule,
  m.slot,
  m.due_at,
  m.last_success_at,
  m.opened_at,
  m.closed_at,
  m.closed_by,
  rota_core.deadline_message(m.schedule, m.last_success_at, m.closed_at is null) as message
from rota_core.missed_deadline as m;

comment on view rota.missed_deadlines is
$doc$Each time a schedule went without a success for longer than its deadline: the first slot that
no success followed in time, and until when. closed_at is null while it lasts; closed_by, the run
that ended it, is null where the schedule was dropped or defined anew. For: rota_reader,
rota_admin.$doc$;

revoke all on rota.missed_deadlines from public;
grant select on rota.missed_deadlines to rota_reader, rota_admin;
