create or replace function rota_core.stop_pipeline(run_id bigint, reason text, error jsonb)
returns rota_core.step_result[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  update rota_core.pipeline_run as p
  set
    stopping = reason, compensates = p.compensates or reason <> 'failed',
    error = coalesce(p.error, stop_pipeline.error), timeout_at = null
  where p.run_id = stop_pipeline.run_id and p.finished_at is null
    -- A cancel after a failure stops what was left to finish; nothing else overrides.
    and (p.stopping is null or (p.stopping = 'failed' and reason <> 'failed'));
  if not found then
    return array[]::rota_core.step_result[];
  end if;

  update rota_core.run_step as s
  set state = 'cancelled', finished_at = v_now, due_at = null
  where s.run_id = stop_pipeline.run_id and s.state in ('waiting', 'blocked', 'delayed');
  update rota_core.run_step as s
  set is_stopped = true
  where s.run_id = stop_pipeline.run_id and s.state = 'started' and s.elements is not null;
  if reason <> 'failed' then
    perform rota_core.stop_children(run_id);
  end if;
  return rota_core.cancel_queued(run_id);
end;
$$;

comment on function rota_core.stop_pipeline(bigint, text, jsonb) is
$doc$Makes a run come to its end: nothing more starts, what is queued is cancelled, and unless the
reason is `failed`, what is running is interrupted and what was done is compensated. Returns the
ends of what was queued, for the caller, who holds the lock of the run, to settle.$doc$;

revoke all on function rota_core.stop_pipeline(bigint, text, jsonb) from public;
