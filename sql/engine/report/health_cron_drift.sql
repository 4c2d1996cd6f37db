-- Owned by rota_worker: row level security shows each role its own jobs only.
set local role rota_worker;

create or replace function rota_core.health_cron_drift()
returns table (check_name text, status text, detail text, hint text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reports constant boolean := rota_core.setting('cron_policy') = 'report';
  v_job rota_core.cron_change;
  v_drifted boolean := false;
begin
  if not exists (select from pg_extension as e where e.extname = 'pg_cron')
    or not has_schema_privilege('cron', 'usage')
  then
    return;
  end if;

  for v_job in
    select c.* from rota_core.cron_changes() as c where c.drifted order by c.found_name
  loop
    v_drifted := true;
    check_name := format('pg_cron job %s', v_job.found_name);
    status := 'warning';
    detail := case
      when v_job.job_id is null then 'others have deleted it'
      when v_job.job_name is null then format('others have made it: %s', v_job.found)
      else format('others have made %s of it', v_job.found) end;
    hint := case when not v_reports
      then 'The supervisor puts it right within a minute; rota.logs says so, or why it cannot.'
      else format(
        'set role rota_worker; %s%sreset role; or for all of them: '
          'select rota.configure(''cron_policy'', ''repair'');',
        case when v_job.job_id is not null and (v_job.job_name is null or v_job.inactive)
          then format('select cron.unschedule(%s); ', v_job.job_id) end,
        case when v_job.job_name is not null then format('select cron.schedule(%L, %L, %L); ',
          v_job.job_name, v_job.schedule, v_job.command) end
      ) end;
    return next;
  end loop;

  if not v_drifted then
    check_name := 'pg_cron jobs';
    status := 'ok';
    detail := 'as rota wrote them';
    hint := null;
    return next;
  end if;
end;
$$;

comment on function rota_core.health_cron_drift() is
$doc$Our jobs in cron.job that others have changed, deleted or added, and what puts each
right.$doc$;

revoke all on function rota_core.health_cron_drift() from public;
grant execute on function rota_core.health_cron_drift() to rota_reader, rota_admin;

set local role rota_owner;
