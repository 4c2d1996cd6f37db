create or replace function rota_core.save_deadline(
  schedule text, length interval, now timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Days and months would be as long as the time zone of the session has them.
  v_allowance constant interval := make_interval(secs => extract(epoch from length)::float8);
  v_deadline rota_core.deadline;
  v_success_at timestamptz;
begin
  -- What is due is judged by the deadline that it was due under.
  select d.* into v_deadline
  from rota_core.deadline as d
  where d.schedule = save_deadline.schedule
  for update;
  if found then
    perform rota_core.judge_deadline(v_deadline, now);
  end if;

  if length is null then
    delete from rota_core.deadline as d where d.schedule = save_deadline.schedule;
    perform rota_core.close_missed(schedule, now, 'has no deadline any longer');
    return;
  end if;

  select f.finished_at into v_success_at
  from rota_core.finished_run as f
  where f.origin = 'schedule:' || save_deadline.schedule and f.origin like 'schedule:%'
    and f.state = 'succeeded'
  order by f.finished_at desc
  limit 1;

  -- What has succeeded is over, and is not measured by another deadline after the event.
  insert into rota_core.deadline as d (
    schedule, allowance, judged_until, due_at, last_success_at
  )
  values (
    save_deadline.schedule, v_allowance, save_deadline.now, save_deadline.now, v_success_at
  )
  on conflict on constraint deadline_pkey do update set
    allowance = excluded.allowance,
    judged_until = least(greatest(d.judged_until, excluded.last_success_at), save_deadline.now),
    due_at = excluded.due_at,
    last_success_at = greatest(d.last_success_at, excluded.last_success_at);

  if exists (
    select from rota_core.missed_deadline as m
    where m.schedule = save_deadline.schedule and m.closed_at is null
      and m.slot + v_allowance > save_deadline.now
  ) then
    perform rota_core.close_missed(schedule, now, 'has a longer deadline');
  end if;
end;
$$;

comment on function rota_core.save_deadline(text, interval, timestamptz) is
$doc$Keeps the deadline of a schedule that is defined. Without one, or with one that is not over
yet, an open record is closed; what is due by the new one is judged by the next check_deadlines().

The caller holds the row of the schedule.$doc$;

revoke all on function rota_core.save_deadline(text, interval, timestamptz) from public;
