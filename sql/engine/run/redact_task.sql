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
end;
$$;

comment on function rota_core.redact_task(text) is
$doc$Takes the values at redacted paths out of the history of a task, before the task is dropped:
afterwards nothing would tell the views what to hide.$doc$;

revoke all on function rota_core.redact_task(text) from public;
