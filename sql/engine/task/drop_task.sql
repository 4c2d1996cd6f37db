create or replace function rota.drop_task(name text, queued_runs text default 'refuse')
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_users text;
  v_queued bigint;
  v_running bigint;
begin
  if queued_runs is null or queued_runs not in ('refuse', 'cancel') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('queued_runs must be refuse or cancel, not %s', quote_nullable(queued_runs)),
      hint = 'select rota.drop_task(''name'', queued_runs => ''cancel'');';
  end if;

  -- A start that commits after this leaves a run without a task: upkeep cancels it.
  perform from rota_core.task as t where t.task = drop_task.name for update;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s does not exist', quote_nullable(name)),
      hint = 'See what exists: select name from rota.tasks;';
  end if;

  if exists (select from rota_core.pipeline as p where p.pipeline = name) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('task %s is a pipeline', name),
      hint = format('select rota.drop_pipeline(%L);', name);
  end if;
  v_users := rota_core.task_users(name);
  if v_users is not null then
    raise exception using
      errcode = 'RT002',
      message = format('task %s is still used', name),
      detail = format('Used by: %s.', v_users),
      hint = 'Drop or change those first.';
  end if;

  select
    count(*) filter (where r.state = 'queued'),
    count(*) filter (where r.state = 'running')
  into v_queued, v_running
  from rota_core.run as r
  where r.task = drop_task.name;

  if v_running > 0 or (v_queued > 0 and queued_runs = 'refuse') then
    raise exception using
      errcode = 'RT002',
      message = format('task %s has %s queued and %s running runs', name, v_queued, v_running),
      hint = case when v_running > 0
        then format('Wait or cancel them: select rota.cancel(run_id) from rota.runs '
          'where task = %L and state = ''running'';', name)
        else format('select rota.drop_task(%L, queued_runs => ''cancel'');', name) end;
  end if;

  perform rota_core.finish_runs(array(
    select r.run_id from rota_core.run as r
    where r.task = drop_task.name and r.state = 'queued'
    order by r.run_id
  ), 'queued', 'cancelled');
  perform rota_core.redact_task(name);
  delete from rota_core.pause as p where p.kind = 'task' and p.name = drop_task.name;
  delete from rota_core.task as t where t.task = drop_task.name;
end;
$$;

comment on function rota.drop_task(text, text) is
$doc$Drop a task. Its history stays, without the values at redacted paths.

- queued_runs: `refuse` (default) while runs are queued, or `cancel` them.

Raises 42704 for an unknown task, 22023 for a pipeline, RT002 while
something uses it or runs are live, naming them.
For: rota_admin.$doc$;

revoke all on function rota.drop_task(text, text) from public;
grant execute on function rota.drop_task(text, text) to rota_admin;
