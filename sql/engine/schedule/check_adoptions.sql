create or replace function rota_core.check_adoptions()
returns setof text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rota_core.refuse_untimely(
    a.schedule, a.adopted_at, rota_core.wall_clock() + interval '5 s'
  )
  from rota_core.adopted_job as a
  where a.replaced_in = pg_current_xact_id_if_assigned();

  return query
  select format('schedule %s is paused: %s', a.schedule, a.reason)
  from rota_core.adopted_job as a
  join rota_core.pause as p on p.kind = 'schedule' and p.name = a.schedule and p.reason = a.reason
  where a.outcome = 'waiting'
  order by a.schedule;
end;
$$;

comment on function rota_core.check_adoptions() is
$doc$To be called at the end of a transaction that may have taken jobs out of cron.job: refuses,
with 55P03, to commit when a slot of one has come meanwhile or is about to. pg_cron started it, and
so would the schedule.

Returns why schedules wait for their old jobs to go.$doc$;

revoke all on function rota_core.check_adoptions() from public;
