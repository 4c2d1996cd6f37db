create or replace function rota_core.remove_task(what text, name text, queued_runs text)
returns void
language plpgsql
volatile
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
      hint = format('select rota.drop_%s(''name'', queued_runs => ''cancel'');', what);
  end if;

  -- A start that commits after this leaves a run without a task: upkeep cancels it.
  perform from rota_core.task as t
  where t.task = remove_task.name and (t.kind = 'pipeline') = (what = 'pipeline')
  for update;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('%s %s does not exist', what, quote_nullable(name)),
      hint = format('See what exists: select name from rota.%ss;', what);
  end if;

  v_users := rota_core.task_users(name);
  if v_users is not null then
    raise exception using
      errcode = 'RT002',
      message = format('%s %s is still used', what, name),
      detail = format('Used by: %s.', v_users),
      hint = 'Drop or change those first.';
  end if;

  select
    count(*) filter (where r.state = 'queued'),
    count(*) filter (where r.state = 'running')
  into v_queued, v_running
  from rota_core.run as r
  where r.task = remove_task.name;

  if v_running > 0 or (v_queued > 0 and queued_runs = 'refuse') then
    raise exception using
      errcode = 'RT002',
      message = format('%s %s has %s queued and %s running runs', what, name, v_queued, v_running),
      hint = case when v_running > 0
        then format('Wait or cancel them: select rota.cancel(run_id) from rota.runs '
          'where task = %L and state = ''running'';', name)
        else format('select rota.drop_%s(%L, queued_runs => ''cancel'');', what, name) end;
  end if;

  perform rota_core.finish_runs(array(
    select r.run_id from rota_core.run as r
    where r.task = remove_task.name and r.state = 'queued'
    order by r.run_id
  ), 'queued', 'cancelled');
  perform rota_core.redact_task(name);
  delete from rota_core.pause as p where p.kind = 'task' and p.name = remove_task.name;
  delete from rota_core.task as t where t.task = remove_task.name;
end;
$$;

comment on function rota_core.remove_task(text, text, text) is
$doc$The part that rota.drop_task and rota.drop_pipeline share. what: `task` or `pipeline`.

Raises 42704 when there is none, RT002 while something uses it or runs are live, naming them.$doc$;

revoke all on function rota_core.remove_task(text, text, text) from public;
