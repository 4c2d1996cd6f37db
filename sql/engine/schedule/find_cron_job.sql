create or replace function rota_core.find_cron_job(
  cron text, command text, username text, job_name text, job_id bigint,
  out acts_as text, out found_id bigint, out found_active boolean, out is_running boolean,
  out is_certain boolean, out problem text
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c_may_act constant text :=
    case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
  v_before constant text := current_setting('role');
  v_cron text;
  v_command text;
begin
  acts_as := current_user;
  is_certain := true;
  if not exists (select from pg_extension as e where e.extname = 'pg_cron') then
    return;
  end if;

  -- pg_cron shows a role its own jobs alone, and lets nobody else take them away.
  select r.rolsuper or r.rolbypassrls or r.rolname = username
  into is_certain
  from pg_roles as r
  where r.rolname = current_user;
  if current_user <> username
    and exists (
      select from pg_roles as r
      where r.rolname = username and pg_has_role(current_user, r.oid, c_may_act)
    )
    and not (select r.rolsuper from pg_roles as r where r.rolname = current_user)
  then
    acts_as := username;
    is_certain := true;
    perform set_config('role', username, true);
  end if;
  if not has_schema_privilege('cron', 'usage')
    or not has_table_privilege('cron.job', 'select')
  then
    is_certain := false;
    perform set_config('role', v_before, true);
    return;
  end if;

  -- As text, because the extension need not be there.
  execute format(
    $sql$
    select j.jobid, j.active, j.schedule, j.command
    from %I.job as j
    where j.username = $1 and j.database = current_database()
      and case when $2 is not null then j.jobname = $2
        else j.jobname is null and (
          (j.schedule, j.command) = ($3, $4)
          or (j.jobid, j.command) = ($5, $4)
        ) end
    order by j.jobid = $5 desc nulls last, j.jobid
    limit 1
    $sql$, 'cron'
  )
  into found_id, found_active, v_cron, v_command
  using username, job_name, cron, command, job_id;

  if (v_cron, v_command) is distinct from (cron, command) then
    problem := format('It is "%s" %s, not "%s" %s.', v_cron, v_command, cron, command);
  end if;
  -- Its sessions carry the command as their query, cut off where the server cuts it.
  is_running := exists (
    select
    from pg_stat_activity as a
    where a.datname = current_database() and a.usename = username and a.state = 'active'
      and a.pid <> pg_backend_pid()
      and (a.query = v_command or octet_length(a.query) > 90 and starts_with(v_command, a.query))
  );
  perform set_config('role', v_before, true);
end;
$$;

comment on function rota_core.find_cron_job(text, text, text, text, bigint) is
$doc$The job in cron.job that a schedule was made from: by its name, and where it has none by what
it does. Looked for with the rights of the caller, as its owner where the caller may act as that.

found_id is null where there is none, and is_certain says whether it would have been seen.
problem: how it differs from what it was when the schedule was made from it.$doc$;

revoke all on function rota_core.find_cron_job(text, text, text, text, bigint) from public;
grant execute on function rota_core.find_cron_job(text, text, text, text, bigint)
to rota_admin;
