create or replace function rota_core.redact_task(task text)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_paths text[];
begin
  select t.redact into v_paths from rota_core.task as t where t.task = redact_task.task;
  if coalesce(v_paths, '{}') = '{}' then
    return;
  end if;

  update rota_core.attempt as a
  set error = rota_core.redact(a.error, 'error', v_paths)
  where a.run_id in (
    select f.run_id
    from rota_core.finished_run as f
    where f.task = redact_task.task and not f.redacted
  );
  update rota_core.finished_run as f
  set
    input = rota_core.redact(f.input, 'input', v_paths),
    output = rota_core.redact(f.output, 'output', v_paths),
    error = rota_core.redact(f.error, 'error', v_paths),
    checkpoint = null,
    redacted = true
  where f.task = redact_task.task and not f.redacted;

  -- The steps that it did: what comes after them cannot go on with what is left.
  update rota_core.run_step as s
  set error = rota_core.redact(s.error, 'error', v_paths)
  from rota_core.pipeline_step as d
  join rota_core.pipeline_run as p on p.pipeline = d.pipeline and p.version = d.version
  where d.task = redact_task.task and s.run_id = p.run_id and s.step = d.step;
  with hidden as (
    update rota_core.step_output as o
    set output = rota_core.redact(o.output, 'output', v_paths)
    from rota_core.pipeline_step as d
    join rota_core.pipeline_run as p on p.pipeline = d.pipeline and p.version = d.version
    where d.task = redact_task.task and o.run_id = p.run_id and o.step = d.step
    returning o.run_id
  )
  update rota_core.finished_run as f
  set redacted = true
  where f.run_id in (select h.run_id from hidden as h) and f.state <> 'succeeded';
end;
$$;

comment on function rota_core.redact_task(text) is
$doc$Takes the values at redacted paths out of the history of a task, before the task is dropped:
afterwards nothing would tell the views what to hide.$doc$;

revoke all on function rota_core.redact_task(text) from public;
