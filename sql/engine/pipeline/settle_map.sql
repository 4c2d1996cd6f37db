create or replace function rota_core.settle_map(
  run_id bigint, step text, runs int, failed int, error jsonb, began timestamptz,
  out ended rota_core.step_end[], out more rota_core.step_result[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_map rota_core.run_step;
  v_tolerant boolean;
  v_stopping boolean;
  v_next int := 0;
begin
  ended := array[]::rota_core.step_end[];
  more := array[]::rota_core.step_result[];
  update rota_core.run_step as s
  set
    open_runs = s.open_runs - settle_map.runs,
    failed_elements = s.failed_elements + settle_map.failed,
    started_at = least(s.started_at, began), error = coalesce(s.error, settle_map.error)
  where s.run_id = settle_map.run_id and s.step = settle_map.step and s.state = 'started'
  returning s.* into v_map;
  if not found then
    return;
  end if;
  select d.on_failure = 'continue', p.stopping is not null
  into v_tolerant, v_stopping
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, settle_map.step)
  where p.run_id = settle_map.run_id;

  -- Unless failures are tolerated, the first one is the step's: what has not started never does.
  if not v_map.is_stopped and (v_stopping or v_map.is_expired
    or (v_map.failed_elements > 0 and not v_tolerant))
  then
    v_map.is_stopped := true;
    more := rota_core.cancel_queued(run_id, step);
  elsif not v_map.is_stopped and v_map.next_element < v_map.elements then
    v_next := least(runs, v_map.elements - v_map.next_element);
    perform rota_core.start_elements(
      run_id, step, rota_core.step_input(run_id, step), v_map.next_element, v_next
    );
  end if;

  update rota_core.run_step as s
  set
    is_stopped = v_map.is_stopped, next_element = s.next_element + v_next,
    open_runs = s.open_runs + v_next
  where s.run_id = settle_map.run_id and s.step = settle_map.step
  returning s.* into v_map;
  if v_map.open_runs <= 0 then
    ended := rota_core.end_map(v_map, v_tolerant, v_stopping);
  end if;
end;
$$;

comment on function rota_core.settle_map(bigint, text, int, int, jsonb, timestamptz) is
$doc$Counts ended runs of a for_each step: starts as many of the elements that wait, stops it after
a failure, and gathers the outputs after the last one.$doc$;

revoke all on function rota_core.settle_map(bigint, text, int, int, jsonb, timestamptz)
from public;
