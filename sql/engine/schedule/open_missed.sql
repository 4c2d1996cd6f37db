create or replace function rota_core.open_missed(
  schedule rota_core.schedule, deadline rota_core.deadline, slot timestamptz, now timestamptz
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_last_at timestamptz;
begin
  select f.finished_at into v_last_at
  from rota_core.finished_run as f
  where f.origin = 'schedule:' || deadline.schedule and f.origin like 'schedule:%'
    and f.state = 'succeeded' and f.finished_at <= open_missed.slot
  order by f.finished_at desc
  limit 1;
  -- History is kept for a while only, and what it has forgotten is remembered here.
  v_last_at := greatest(v_last_at, deadline.last_success_at);

  insert into rota_core.missed_deadline (schedule, slot, due_at, last_success_at, opened_at)
  values (deadline.schedule, open_missed.slot, deadline.due_at, v_last_at, open_missed.now);
  insert into rota_core.log (at, level, message, context, component, task)
  values (
    open_missed.now, 'error',
    rota_core.deadline_message(deadline.schedule, v_last_at, true),
    jsonb_build_object(
      'schedule', deadline.schedule, 'slot', open_missed.slot, 'due_at', deadline.due_at
    ),
    'schedule', schedule.task
  );
end;
$$;

comment on function rota_core.open_missed(
  rota_core.schedule, rota_core.deadline, timestamptz, timestamptz
) is
$doc$Opens the record of a missed deadline, and logs it.$doc$;

revoke all on function rota_core.open_missed(
  rota_core.schedule, rota_core.deadline, timestamptz, timestamptz
) from public;
