create or replace function rota_core.health_cron_jobs()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles text[];
begin
  if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
    return;
  end if;

  check_name := 'pg_cron jobs of vanished roles';
  if not has_schema_privilege('cron', 'usage') or row_security_active('cron.job') then
    status := 'no rights';
    detail := 'only a superuser sees the jobs of others';
    hint := 'As a superuser: rota doctor';
    return next;
    return;
  end if;

  -- Dynamic, because the extension may not be there.
  execute
    $q$
      select array_agg(distinct j.username)
      from cron.job as j
      where not exists (select from pg_roles as r where r.rolname = j.username)
    $q$
  into v_roles;

  if v_roles is null then
    status := 'ok';
    detail := 'none';
  else
    status := 'critical';
    detail := format('jobs of %s keep the launcher crashing', array_to_string(v_roles, ', '));
    hint := format('delete from cron.job where username = any (%L);', v_roles);
  end if;
  return next;
end;
$$;

comment on function rota_core.health_cron_jobs() is
$doc$Whether pg_cron holds jobs of roles that are gone. Runs with the caller's rights.$doc$;

revoke all on function rota_core.health_cron_jobs() from public;
grant execute on function rota_core.health_cron_jobs() to rota_reader, rota_admin;
