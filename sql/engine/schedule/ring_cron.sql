set local role rota_worker;

create or replace function rota_core.ring_cron(always boolean default false)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_silent text := 'true';
  v_job rota_core.cron_change;
begin
  if not exists (select from pg_extension as e where e.extname = 'pg_cron')
    or not has_schema_privilege('cron', 'usage')
  then
    return false;
  end if;

  -- As text, because the extension need not be there.
  if not always then
    if not has_table_privilege('cron.job_run_details', 'select') then
      return false;
    end if;
    v_silent := $sql$not exists (
      select from cron.job_run_details as d
      where d.jobid = j.jobid
        and (d.status = 'running' or d.start_time > rota_core.wall_clock() - interval '150 s')
    )$sql$;
  end if;
  execute format(
    $sql$
    select j.jobid, j.jobname, j.schedule, j.command, false, null, null, false, false
    from %I.job as j
    where j.username = current_user and j.database = current_database() and j.active
      and j.schedule = '* * * * *' and starts_with(j.jobname, rota_core.cron_job_name())
      and %s
    order by j.jobid
    limit 1
    $sql$, 'cron', v_silent
  ) into v_job;
  if v_job.job_name is null then
    return false;
  end if;

  begin
    execute 'select cron.schedule($1, $2, $3)'
    using v_job.job_name, v_job.schedule, v_job.command;
  exception when insufficient_privilege then
    return false;
  end;
  return true;
end;
$$;

comment on function rota_core.ring_cron(boolean) is
$doc$Makes pg_cron read cron.job again, when a job of each minute has not been started for a
while, or always.

pg_cron forgets to when so much changes in one transaction that its queue of invalidations
overflows, as in a first deploy: it is then told that everything has changed, and takes that for
nothing. Scheduling a job as it is tells it once more. Returns whether it was told.$doc$;

revoke all on function rota_core.ring_cron(boolean) from public;
grant execute on function rota_core.ring_cron(boolean) to rota_owner;

set local role rota_owner;
