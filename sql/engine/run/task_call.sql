create or replace function rota_core.task_call(
  task text, input jsonb, out kind text, out statement text, out returns_void boolean
)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_handler text;
begin
  perform rota_core.check_start(task, input, null);

  select t.kind, t.handler
  into task_call.kind, v_handler
  from rota_core.task as t
  where t.task = task_call.task;

  if kind in ('external', 'pipeline') then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format(case when kind = 'external' then 'task %s is done outside the database'
        else 'task %s is a pipeline: its steps need a run' end, task),
      hint = format('select * from rota.start(%L);', task);
  end if;

  select rota_core.handler_statement(h.handler_name, h.takes, h.returns_void, null), h.returns_void
  into task_call.statement, task_call.returns_void
  from rota_core.resolve_handler(v_handler, kind) as h;
end;
$$;

comment on function rota_core.task_call(text, jsonb) is
$doc$The statement that calls a task's handler directly; refuses as rota.start would.$doc$;

revoke all on function rota_core.task_call(text, jsonb) from public;
grant execute on function rota_core.task_call(text, jsonb) to rota_app, rota_admin;
