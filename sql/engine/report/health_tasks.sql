create or replace function rota_core.health_tasks()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task record;
  v_trouble boolean := false;
begin
  for v_task in
    select
      t.task,
      t.handler,
      t.run_as,
      coalesce(t.run_as, 'rota_worker') as role,
      r.oid is not null as has_role,
      t.run_as is null or rota_core.has_trampoline(t.run_as) as is_callable,
      h.oid as handler_oid,
      h.pronamespace as schema_oid
    from rota_core.task as t
    left join pg_roles as r on r.rolname = coalesce(t.run_as, 'rota_worker')
    left join lateral (
      select p.oid, p.pronamespace
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
      where array[n.nspname, p.proname]::text[] = parse_ident(t.handler)
        and p.prokind = 'f'
        and p.pronargs = case t.takes when 'nothing' then 0 when 'input_state' then 2 else 1 end
        and p.proargtypes::oid[] <@ array['jsonb'::regtype::oid]
    ) as h on true
    where t.kind not in ('external', 'pipeline') and not starts_with(t.task, 'subscription:')
    order by t.task
  loop
    check_name := 'task ' || v_task.task;
    status := 'critical';
    if v_task.handler_oid is null then
      detail := format('its handler %s is gone or takes other arguments', v_task.handler);
      hint := format('Create it again, or: select rota.drop_task(%L);', v_task.task);
    elsif not v_task.has_role then
      detail := format('role %s, which it runs as, is gone', v_task.role);
      hint := format('create role %I nologin; select rota.allow_run_as(%L);', v_task.role,
        v_task.role);
    elsif not v_task.is_callable then
      detail := format('no task can run as %s any longer', v_task.role);
      hint := format('select rota.allow_run_as(%L);', v_task.role);
    elsif not has_schema_privilege(v_task.role, v_task.schema_oid, 'usage') then
      detail := format('%s may not use schema %s', v_task.role, v_task.schema_oid::regnamespace);
      hint := format('grant usage on schema %s to %I;', v_task.schema_oid::regnamespace,
        v_task.role);
    elsif not has_function_privilege(v_task.role, v_task.handler_oid, 'execute') then
      detail := format('%s may not execute %s', v_task.role, v_task.handler_oid::regprocedure);
      hint := format('grant execute on function %s to %I;', v_task.handler_oid::regprocedure,
        v_task.role);
    else
      continue;
    end if;
    v_trouble := true;
    return next;
  end loop;

  if not v_trouble then
    check_name := 'tasks';
    status := 'ok';
    detail := format('%s tasks', (select count(*) from rota_core.task));
    hint := null;
    return next;
  end if;
end;
$$;

comment on function rota_core.health_tasks() is
$doc$Tasks that could not run: the handler is gone, or the role they run as may not call it.$doc$;

revoke all on function rota_core.health_tasks() from public;
grant execute on function rota_core.health_tasks() to rota_reader, rota_admin;
