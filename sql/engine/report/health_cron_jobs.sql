create or replace function rota_core.health_cron_jobs()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_roles text[];
  v_job record;
  v_trouble boolean := false;
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
    check_name := 'pg_cron jobs of others';
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

  for v_job in execute
    $q$
      select j.jobid, j.jobname, j.username, j.command
      from cron.job as j
      where j.database = current_database()
        and (
          j.username <> 'rota_worker' and (
            starts_with(j.jobname, rota_core.cron_job_name())
            or j.command in (select w.command from rota_core.wanted_cron_jobs() as w)
          )
          or j.command ~* '\mrota\s*\.\s*(work|supervise|serve)\M|\mrota_core\.fire_due\M'
            and (j.username <> 'rota_worker' or j.jobname is null
              or not starts_with(j.jobname, rota_core.cron_job_name()))
        )
      order by j.jobid
    $q$
  loop
    v_trouble := true;
    check_name := format('pg_cron jobs of others: %s', v_job.jobid);
    status := 'warning';
    detail := format('job %s of %s looks like one of rota''s: %s',
      coalesce(v_job.jobname, v_job.jobid::text), v_job.username, v_job.command);
    hint := format('If nobody needs it: select cron.unschedule(%s);', v_job.jobid);
    return next;
  end loop;

  if not v_trouble then
    check_name := 'pg_cron jobs of others';
    status := 'ok';
    detail := 'none looks like one of rota''s';
    hint := null;
    return next;
  end if;
end;
$$;

comment on function rota_core.health_cron_jobs() is
$doc$Whether pg_cron holds jobs of roles that are gone, and jobs of others that have our names or do
what ours do in this database. Runs with the caller's rights.$doc$;

revoke all on function rota_core.health_cron_jobs() from public;
grant execute on function rota_core.health_cron_jobs() to rota_reader, rota_admin;
