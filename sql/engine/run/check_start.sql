create or replace function rota_core.check_start(task text, input jsonb, run_at timestamptz)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task rota_core.task;
begin
  select t.* into v_task from rota_core.task as t where t.task = check_start.task;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('task %s does not exist', quote_nullable(left(task, 200))),
      hint = 'See what exists: select name from rota.tasks;';
  end if;

  if v_task.retired_at is not null then
    raise exception using
      errcode = 'RT010',
      message = format('task %s is retired', task),
      detail = 'No file defines it any longer. It goes when its live runs have ended.',
      hint = 'Deploy files that define it again, or: select rota.define_task(...);';
  end if;

  if v_task.callers is not null
    and not pg_has_role(rota_core.caller(), 'rota_admin', 'member')
    and not exists (
      select
      from unnest(v_task.callers) as c (caller)
      join pg_roles as r on r.rolname = c.caller
      where pg_has_role(rota_core.caller(), r.oid, 'member')
    )
  then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('%s may not start task %s', rota_core.caller(), task),
      detail = format('Only %s may.', array_to_string(v_task.callers, ', ')),
      hint = 'Define the task with this role among its callers.';
  end if;

  if jsonb_typeof(input) is distinct from 'object' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('input of task %s must be a JSON object, not %s', task,
        coalesce(jsonb_typeof(input), 'null')),
      hint = format('select * from rota.start(%L, ''{"id": 1}'');', task);
  end if;

  if pg_column_size(input) > 400000 then
    perform rota_core.check_size(format('input of task %s', task), input);
  end if;

  if not isfinite(run_at) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'run_at must be a finite time',
      hint = 'To hold a task back for an open time: select rota.pause(''task'', ''name'');';
  end if;
end;
$$;

comment on function rota_core.check_start(text, jsonb, timestamptz) is
$doc$Refuses a start: 42704 unknown task, RT010 retired task, 42501 not among its callers, 22023 bad
input or time, 54000 an input of more than 100 MB.$doc$;

revoke all on function rota_core.check_start(text, jsonb, timestamptz) from public;
