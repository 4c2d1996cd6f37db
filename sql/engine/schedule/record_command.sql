create or replace function rota_core.record_command(
  schedule text, slot timestamptz, command text, status text, message text,
  started_at timestamptz, finished_at timestamptz
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run_id constant bigint := nextval(pg_get_serial_sequence('rota_core.run', 'run_id'));
  v_now constant timestamptz := rota_core.wall_clock();
  v_state constant text := case status when 'succeeded' then 'succeeded' else 'failed' end;
  v_error constant jsonb :=
    case when v_state = 'failed' then rota_core.command_error(message) end;
begin
  insert into rota_core.finished_run (
    run_id, task, lane, state, priority, run_at, input, output, attempt, charged, started_at,
    finished_at, created_at, created_by, tags, origin, error
  )
  values (
    v_run_id, schedule, 'pg_cron', v_state, 0, slot, jsonb_build_object('command', command),
    case when v_state = 'succeeded' then jsonb_build_object('message', message) end, 1, 1,
    started_at, coalesce(finished_at, v_now), coalesce(started_at, finished_at, v_now),
    'rota_worker', '{}', 'schedule:' || schedule, v_error
  );
  if v_state = 'failed' then
    insert into rota_core.attempt (
      run_id, task, attempt, outcome, charged, started_at, finished_at, error
    )
    values (
      v_run_id, schedule, 1, 'failed', true, started_at, coalesce(finished_at, v_now), v_error
    );
  end if;

  insert into rota_core.slot as s (schedule, slot, outcome, run_id, fired_at, fired_by)
  values (
    record_command.schedule, record_command.slot, 'started', v_run_id,
    coalesce(started_at, finished_at, v_now), 'pg_cron'
  )
  on conflict on constraint slot_pkey do nothing;
  return v_run_id;
end;
$$;

comment on function rota_core.record_command(
  text, timestamptz, text, text, text, timestamptz, timestamptz
) is
$doc$Enters a command that pg_cron has run into history, as one finished run with its slot.
Returns the run.

Where pg_cron ran it twice in a slot, the slot names the first. What pg_cron never started has no
start, what a restart cut short no end: then it is now.$doc$;

revoke all on function rota_core.record_command(
  text, timestamptz, text, text, text, timestamptz, timestamptz
) from public;
