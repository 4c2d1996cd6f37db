create or replace function rota_core.redact_finished(outcomes rota_core.outcome[])
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  -- One that failed or was cancelled keeps its input: a retry needs it. The views hide it.
  update rota_core.finished_run as f
  set
    input = rota_core.redact(f.input, 'input', t.redact),
    output = rota_core.redact(f.output, 'output', t.redact),
    checkpoint = null,
    redacted = true
  from rota_core.task as t
  join unnest(outcomes) as o on o.task = t.task
  where t.redact <> '{}' and f.run_id = o.run_id and f.task = t.task
    and f.state = 'succeeded';
$$;

comment on function rota_core.redact_finished(rota_core.outcome[]) is
$doc$Takes the values at redacted paths out of history for runs that have just ended.$doc$;

revoke all on function rota_core.redact_finished(rota_core.outcome[]) from public;
