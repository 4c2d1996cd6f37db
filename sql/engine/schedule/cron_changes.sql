set local role rota_worker;

create or replace function rota_core.cron_changes(only_schedule text default null)
returns setof rota_core.cron_change
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- As text, because the extension need not be there.
  return query execute format(
    $sql$
    select
      j.jobid, w.job_name, w.schedule, w.command, not j.active
    from rota_core.wanted_cron_jobs($1) as w
    full join (
      select c.*
      from %I.job as c
      where c.username = current_user and c.database = current_database()
        and case when $1 is null then starts_with(c.jobname, rota_core.cron_job_name())
          else c.jobname = rota_core.cron_job_name('schedule:' || $1) end
    ) as j on j.jobname = w.job_name
    where (w.schedule, w.command, true) is distinct from (j.schedule, j.command, j.active)
    $sql$, 'cron'
  ) using only_schedule;
end;
$$;

comment on function rota_core.cron_changes(text) is
$doc$How cron.job differs from what this database wants of it, or what one schedule does.

job_name is null for a job that should not be there, job_id for one that is missing.
Needs pg_cron.$doc$;

revoke all on function rota_core.cron_changes(text) from public;
grant execute on function rota_core.cron_changes(text) to rota_owner;

set local role rota_owner;
