create or replace function rota_core.written_cron_jobs(only_schedule text default null)
returns table (job_id bigint, job_name text, schedule text, command text)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select distinct on (j.job_name) j.job_id, j.job_name, j.timing, j.command
  from rota_core.cron_job as j
  where j.gone_at is null
    and (
      written_cron_jobs.only_schedule is null
      or j.job_name = rota_core.cron_job_name('schedule:' || written_cron_jobs.only_schedule)
    )
  order by j.job_name, j.written_at desc, j.job_id desc;
$$;

comment on function rota_core.written_cron_jobs(text) is
$doc$What rota last wrote into cron.job, or for one schedule.$doc$;

revoke all on function rota_core.written_cron_jobs(text) from public;
grant execute on function rota_core.written_cron_jobs(text) to rota_worker;
