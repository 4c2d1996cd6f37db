create or replace function rota_core.save_adoption(
  schedule text, cron text, command text, username text, job_name text, job_id bigint,
  active boolean, outcome text, reason text
)
returns void
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before rota_core.adopted_job;
  v_pause constant text := case
    when outcome = 'waiting' then reason
    when not active then 'the cron job it was made from is inactive'
  end;
begin
  select a.*
  into v_before
  from rota_core.adopted_job as a
  where a.schedule = save_adoption.schedule
  for update;

  -- What was found out once stands: who looks later may see less.
  if v_before.outcome = 'replaced' and outcome <> 'replaced'
    or v_before.outcome = 'absent' and outcome = 'waiting'
    or (v_before.outcome, v_before.reason) = (outcome, reason)
  then
    return;
  end if;

  insert into rota_core.adopted_job as a (
    schedule, username, job_name, job_id, cron, command, active, outcome, reason, adopted_at,
    replaced_in
  )
  values (
    schedule, username, job_name, job_id, cron, command, active, outcome, reason,
    rota_core.wall_clock(), case when outcome = 'replaced' then pg_current_xact_id() end
  )
  on conflict on constraint adopted_job_pkey do update set
    (username, job_name, job_id, cron, command, active, outcome, reason, adopted_at,
      replaced_in) =
    (excluded.username, excluded.job_name, excluded.job_id, excluded.cron, excluded.command,
      excluded.active, excluded.outcome, excluded.reason, excluded.adopted_at,
      excluded.replaced_in);

  -- A pause that others made is theirs to end.
  if v_before.outcome = 'waiting' and exists (
    select from rota_core.pause as p
    where p.kind = 'schedule' and p.name = schedule and p.reason = v_before.reason
  ) then
    perform rota.resume('schedule', schedule);
  elsif v_before.outcome is not null then
    return;
  end if;
  if v_pause is not null and not exists (
    select from rota_core.pause as p where p.kind = 'schedule' and p.name = schedule
  ) then
    perform rota.pause('schedule', schedule, reason => v_pause);
  end if;
end;
$$;

comment on function rota_core.save_adoption(
  text, text, text, text, text, bigint, boolean, text, text
) is
$doc$Writes down what became of the cron job in whose place a schedule was put, and the first time
pauses the schedule where the job is inactive, or stands still.$doc$;

revoke all on function rota_core.save_adoption(
  text, text, text, text, text, bigint, boolean, text, text
) from public;
grant execute on function rota_core.save_adoption(
  text, text, text, text, text, bigint, boolean, text, text
) to rota_admin;
