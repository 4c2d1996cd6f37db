create or replace function rota_core.health_worker_role()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_role record;
  v_timeout constant text := rota_core.worker_setting('statement_timeout');
  v_others text;
begin
  select r.oid, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil
  into v_role
  from pg_roles as r
  where r.rolname = 'rota_worker';

  check_name := 'login of rota_worker';
  status := 'critical';
  if not v_role.rolcanlogin then
    detail := 'rota_worker may not log in, so no worker starts';
    hint := 'alter role rota_worker login;';
  elsif v_role.rolvaliduntil < rota_core.wall_clock() then
    detail := format('the password of rota_worker was valid until %s', v_role.rolvaliduntil);
    hint := 'alter role rota_worker valid until ''infinity'';';
  elsif not has_database_privilege('rota_worker', current_database(), 'connect') then
    detail := format('rota_worker may not connect to database %s', current_database());
    hint := format('grant connect on database %I to rota_worker;', current_database());
  elsif v_role.rolconnlimit between 0 and (select sum(l.workers) from rota_core.lane as l) then
    detail := format('rota_worker may have %s connections, too few for its workers',
      v_role.rolconnlimit);
    hint := 'alter role rota_worker connection limit -1;';
  else
    status := 'ok';
    detail := 'it may log in';
  end if;
  return next;

  check_name := 'timeout of rota_worker';
  if v_timeout ~ '^0+\s*[a-z]*$' then
    status := 'ok';
    detail := 'none';
    hint := null;
  else
    status := 'warning';
    detail := case when v_timeout is null
      then 'a statement_timeout of the server would cancel innocent handlers'
      else format('statement_timeout = %s counts from a worker''s start and cancels innocent handlers',
        v_timeout) end;
    hint := format('alter role rota_worker in database %I set statement_timeout = 0;',
      current_database());
  end if;
  return next;

  select string_agg(format('%s (pid %s)', w.role, w.pid), ', ' order by w.role, w.pid)
  into v_others
  from rota_core.worker as w
  where w.ended_at is null and w.kind <> 'external' and w.role <> 'rota_worker'
    and w.seen_at > rota_core.wall_clock() - interval '1 min';

  check_name := 'role of workers';
  if v_others is null then
    status := 'ok';
    detail := 'all act as rota_worker';
    hint := null;
  else
    status := 'warning';
    detail := format('workers act as others, and handlers with their rights: %s', v_others);
    hint := 'As a superuser: rota doctor shows jobs of others in cron.job. To end a worker: '
      'select pg_terminate_backend(PID);';
  end if;
  return next;
end;
$$;

comment on function rota_core.health_worker_role() is
$doc$Whether rota_worker can log in and work undisturbed, and nobody works as another role.$doc$;

revoke all on function rota_core.health_worker_role() from public;
grant execute on function rota_core.health_worker_role() to rota_reader, rota_admin;
