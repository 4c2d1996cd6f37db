create or replace function rota_core.check_own_run(run_id bigint, out task text, out state text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_creator name;
begin
  select r.task, r.state, r.created_by
  into check_own_run.task, check_own_run.state, v_creator
  from rota_core.run as r
  where r.run_id = check_own_run.run_id;
  if not found then
    select f.task, f.state, f.created_by
    into check_own_run.task, check_own_run.state, v_creator
    from rota_core.finished_run as f
    where f.run_id = check_own_run.run_id;
  end if;

  if check_own_run.state is null then
    raise exception using
      errcode = 'undefined_object',
      message = format('run %s does not exist', coalesce(check_own_run.run_id::text, 'null')),
      hint = 'See the newest runs: select * from rota.runs order by run_id desc limit 20;';
  end if;

  if not pg_has_role(rota_core.caller(), 'rota_admin', 'member')
    and not exists (
      select from pg_roles as c
      where c.rolname = v_creator and pg_has_role(rota_core.caller(), c.oid, 'member')
    )
  then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('run %s was started by %s', check_own_run.run_id, v_creator),
      hint = 'An application sees and stops its own runs; rota_admin those of all.';
  end if;
end;
$$;

comment on function rota_core.check_own_run(bigint) is
$doc$The task and state of a run. Refuses an unknown run (42704) and one that the caller neither
started nor administers (42501).$doc$;

revoke all on function rota_core.check_own_run(bigint) from public;
