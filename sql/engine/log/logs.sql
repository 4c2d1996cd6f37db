create or replace view rota.logs as
select
  l.log_id,
  l.at,
  l.level,
  l.component,
  l.message,
  l.context,
  l.run_id,
  l.task,
  l.attempt
from rota_core.log as l;

comment on view rota.logs is
$doc$Log lines of tasks, and of rota about its own work (component `rota`). For: rota_reader,
rota_admin.$doc$;

revoke all on rota.logs from public;
grant select on rota.logs to rota_reader, rota_admin;
