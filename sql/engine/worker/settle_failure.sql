create or replace function rota_core.settle_failure(
  run rota_core.run, how text, is_charged boolean, error jsonb, at timestamptz
)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_task rota_core.task;
  v_charged int := (run).charged + is_charged::int;
  v_state text;
begin
  select t.* into v_task from rota_core.task as t where t.task = (run).task;

  insert into rota_core.attempt (
    run_id, task, attempt, outcome, charged, worker_id, started_at, finished_at, error
  )
  values (
    (run).run_id, (run).task, (run).attempt, how, is_charged, (run).worker_id, (run).started_at,
    settle_failure.at, settle_failure.error
  );

  v_state := case
    when how = 'cancelled' or (run).stop_reason = 'cancel' then 'cancelled'
    when not is_charged then 'queued'
    when error -> 'retry' = 'false' then 'failed'
    when v_charged >= v_task.max_attempts then 'failed'
    -- retry_on speaks of what a handler raised, not of a worker that is gone.
    when how = 'lost' or rota_core.is_retryable(
      v_task.retry_on, error ->> 'sqlstate', error ->> 'message'
    ) then 'queued'
    else 'failed'
  end;

  if is_charged and how in ('lost', 'timeout') and starts_with((run).task, 'subscription:') then
    perform rota_core.note_delivery_trouble(run, error);
  end if;
  update rota_core.run as r
  set
    charged = v_charged,
    error = settle_failure.error,
    started_at = (run).started_at
  where r.run_id = (run).run_id;
  if v_state <> 'queued' then
    perform rota_core.finish_runs(array[(run).run_id], 'running', v_state, settle_failure.error);
    return v_state;
  end if;

  update rota_core.run as r
  set
    state = 'queued', worker_id = null, counted_as = null, started_at = null, stop_reason = null,
    stop_requested_at = null, stop_signalled_at = null, stop_signals = 0,
    suspect = (how = 'lost'),
    limited = coalesce(rota_core.is_limited(v_task), r.limited),
    lane = coalesce(v_task.lane, r.lane),
    run_at = case
      when is_charged then settle_failure.at + coalesce(
        make_interval(secs => (settle_failure.error ->> 'retry_in')::float8),
        rota_core.retry_delay(v_task, v_charged)
      )
      else r.run_at
    end
  where r.run_id = (run).run_id;
  return v_state;
end;
$$;

comment on function rota_core.settle_failure(rota_core.run, text, boolean, jsonb, timestamptz) is
$doc$What becomes of a running run whose attempt did not succeed: queued again, failed or cancelled.
An external worker may add to the error: `retry` false, or `retry_in`, in seconds.
The caller holds the run's row lock. Returns the new state.$doc$;

revoke all on function rota_core.settle_failure(rota_core.run, text, boolean, jsonb, timestamptz)
from public;
