create or replace view rota.runs as
select
  r.run_id,
  r.task,
  r.lane,
  r.state,
  r.priority,
  r.run_at,
  r.attempt,
  case when t.redact <> '{}' then rota_core.redact(r.input, 'input', t.redact) else r.input
    end as input,
  null::jsonb as output,
  case when t.redact <> '{}' then rota_core.redact(r.error, 'error', t.redact) else r.error
    end as error,
  case when r.version is null then r.progress else rota_core.pipeline_progress(r.run_id)
    end as progress,
  r.rows_done,
  r.key,
  r.tags,
  r.origin,
  r.parent_run_id,
  r.step,
  r.element,
  r.worker_id,
  r.stop_reason,
  r.created_at,
  r.created_by,
  r.started_at,
  null::timestamptz as finished_at
from rota_core.run as r
left join rota_core.task as t on t.task = r.task
union all
select
  f.run_id,
  f.task,
  f.lane,
  f.state,
  f.priority,
  f.run_at,
  f.attempt,
  case when t.redact <> '{}' then rota_core.redact(f.input, 'input', t.redact) else f.input end,
  case when t.redact <> '{}' then rota_core.redact(f.output, 'output', t.redact) else f.output end,
  case when t.redact <> '{}' then rota_core.redact(f.error, 'error', t.redact) else f.error end,
  f.progress,
  f.rows_done,
  f.key,
  f.tags,
  f.origin,
  f.parent_run_id,
  f.step,
  f.element,
  f.worker_id,
  null,
  f.created_at,
  f.created_by,
  f.started_at,
  f.finished_at
from rota_core.finished_run as f
left join rota_core.task as t on t.task = f.task;

comment on view rota.runs is
$doc$Every run, live or finished, with the values at its task's redacted paths hidden. started_at is
when its newest attempt began. For: rota_reader, rota_admin.$doc$;

revoke all on rota.runs from public;
grant select on rota.runs to rota_reader, rota_admin;
