create or replace function rota_core.command_of_job(
  job_id bigint, command text, at timestamptz, out schedule text, out slot timestamptz
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_timing text;
begin
  -- A job keeps its number when its schedule is redefined, while a run of the one before goes on.
  select j.schedule, j.timing
  into command_of_job.schedule, v_timing
  from rota_core.cron_job as j
  where j.job_id = command_of_job.job_id
    and exists (
      select from rota_core.cron_job as f
      where f.job_id = command_of_job.job_id and f.written_at <= command_of_job.at
    )
  order by j.command = command_of_job.command desc, j.written_at <= command_of_job.at desc,
    j.written_at desc
  limit 1;

  if command_of_job.schedule is not null then
    slot := coalesce(rota.cron_prev(v_timing, at + interval '1 microsecond'), at);
  end if;
end;
$$;

comment on function rota_core.command_of_job(bigint, text, timestamptz) is
$doc$The schedule whose command a job of cron.job ran at a time, and the slot this was; null for
workers, doorbells, what others made, and what ran before rota knew the job.$doc$;

revoke all on function rota_core.command_of_job(bigint, text, timestamptz) from public;
