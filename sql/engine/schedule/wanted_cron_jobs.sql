create or replace function rota_core.wanted_cron_jobs(only_schedule text default null)
returns table (job_name text, schedule text, command text)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  -- The setting itself can be read by few roles: deploy writes down what it is.
  v_slots constant int := coalesce(rota_core.setting('cron.max_running_jobs')::int, 32);
  v_now constant timestamptz := rota_core.wall_clock();
begin
  if only_schedule is null and v_slots < 4 then
    return query values (rota_core.cron_job_name('serve'), '* * * * *', 'call rota.serve()');
  elsif only_schedule is null then
    return query values
      (rota_core.cron_job_name('supervisor'), '* * * * *', 'call rota.supervise()');
    -- Jobs that never end may not take all slots, or nothing else would ever start.
    return query
    select
      rota_core.cron_job_name(format('worker:%s:%s', l.lane, g.n)), '* * * * *',
      format('call rota.work(%L)', l.lane)
    from rota_core.lane as l
    cross join lateral generate_series(1, l.workers) as g (n)
    order by g.n, l.lane <> 'default', l.lane
    limit v_slots / 2 - 1;
  end if;

  return query
  select
    rota_core.cron_job_name('schedule:' || s.schedule), s.doorbell,
    coalesce(s.command, format('select rota_core.fire_due(%L)', s.schedule))
  from rota_core.schedule as s
  where s.doorbell is not null
    and (only_schedule is null or s.schedule = only_schedule)
    and (s.command is null or not exists (
      select from rota_core.pause as p
      where p.kind = 'schedule' and p.name = s.schedule and (p.until is null or p.until > v_now)
    ));
end;
$$;

comment on function rota_core.wanted_cron_jobs(text) is
$doc$What should stand in cron.job for this database, or for one of its schedules.

Workers and supervisor, the doorbells of schedules, and the commands that are not paused. A doorbell
stays through a pause: what it rings for is then recorded as skipped.$doc$;

revoke all on function rota_core.wanted_cron_jobs(text) from public;
grant execute on function rota_core.wanted_cron_jobs(text) to rota_worker, rota_reader, rota_admin;
