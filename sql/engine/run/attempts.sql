create or replace view rota.attempts as
select
  a.run_id,
  a.task,
  a.attempt,
  a.outcome,
  a.charged,
  a.worker_id,
  a.started_at,
  a.finished_at,
  a.finished_at - a.started_at as duration,
  case when t.redact <> '{}' then rota_core.redact(a.error, 'error', t.redact) else a.error
    end as error
from rota_core.attempt as a
left join rota_core.task as t on t.task = a.task
union all
select
  f.run_id,
  f.task,
  f.attempt,
  f.state,
  true,
  f.worker_id,
  f.started_at,
  f.finished_at,
  f.finished_at - f.started_at,
  null
from rota_core.finished_run as f
where f.state = 'succeeded'
union all
select
  r.run_id,
  r.task,
  r.attempt,
  r.state,
  false,
  r.worker_id,
  r.started_at,
  null,
  rota_core.wall_clock() - r.started_at,
  null
from rota_core.run as r
where r.state = 'running';

comment on view rota.attempts is
$doc$Each try of each run. outcome: `succeeded failed timeout cancelled running`, or what nobody is
blamed for: `lost` (its worker died; charged when it ran alone), `interrupted` (a cancel that
nobody had asked for). charged: whether it counts towards max_attempts. For: rota_reader,
rota_admin.$doc$;

revoke all on rota.attempts from public;
grant select on rota.attempts to rota_reader, rota_admin;
