create or replace function rota.retry(run_id bigint, from_step text default null)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run record;
  v_erased boolean;
  v_command text;
begin
  select c.* into v_run from rota_core.check_own_run(retry.run_id) as c;

  perform rota_core.refuse_step_retry(retry.run_id, retry.from_step);

  if v_run.state = 'queued' then
    update rota_core.run as r
    set run_at = least(r.run_at, rota_core.wall_clock())
    where r.run_id = retry.run_id and r.state = 'queued';
    return 'queued';
  end if;

  select coalesce(f.input ->> 'command', 'the command')
  into v_command
  from rota_core.finished_run as f
  where f.run_id = retry.run_id and f.lane = 'pg_cron';
  if found then
    raise exception using
      errcode = 'RT001',
      message = format('run %s was a command of schedule %s, which pg_cron alone can start',
        retry.run_id, v_run.task),
      detail = 'It runs again at the next time of the schedule.',
      hint = format('Run it yourself: %s', v_command);
  end if;

  select f.redacted into v_erased from rota_core.finished_run as f where f.run_id = retry.run_id;
  if not v_erased and from_step is not null then
    return rota_core.resume_pipeline(retry.run_id, from_step);
  elsif not v_erased and v_run.state in ('failed', 'cancelled') then
    return rota_core.requeue_finished(retry.run_id);
  end if;

  raise exception using
    errcode = 'RT001',
    message = format(
      case when v_erased and v_run.state <> 'succeeded'
        then 'run %s is erased and cannot be retried' else 'run %s is %s and cannot be retried' end,
      retry.run_id, v_run.state
    ),
    hint = case when v_run.state = 'running' then format('select rota.cancel(%s);', retry.run_id)
      else format('Start it anew: select * from rota.start(%L);', v_run.task) end;
end;
$$;

comment on function rota.retry(bigint, text) is
$doc$Queue a failed or cancelled run again, now, with the same input and a fresh count of attempts.

A chunked task goes on at its last checkpoint. A run that waits for its next attempt is made due
now. A pipeline goes on from the steps that failed or were cancelled; those that succeeded keep their
outputs, unless they were compensated.
- from_step: of a pipeline: also this step and all that come after it, even if they succeeded.

Returns `queued`, of a pipeline `running`. Raises 42704 for an unknown run, 42501 for another's run,
22023 for a from_step where there are no steps, RT001 for a run that is running, succeeded, was
skipped, is a step of a pipeline, was a command that pg_cron ran, or whose data are erased.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.retry(bigint, text) from public;
grant execute on function rota.retry(bigint, text) to rota_app, rota_admin;
