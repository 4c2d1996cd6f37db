create or replace function rota_core.resume_step(run_id bigint, step text)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_step rota_core.run_step;
  v_def rota_core.pipeline_step;
  v_runs bigint[];
  v_answered int;
  v_more int := 0;
begin
  select s.* into v_step
  from rota_core.run_step as s
  where s.run_id = resume_step.run_id and s.step = resume_step.step;
  select d.* into v_def
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, resume_step.step)
  where p.run_id = resume_step.run_id;
  if v_step.state not in ('failed', 'cancelled')
    or (v_step.step_run_id is null and v_step.elements is null)
  then
    return false;
  end if;

  v_runs := rota_core.runs_to_resume(v_step);
  select count(*) into v_answered
  from rota_core.element_output as o
  where o.run_id = resume_step.run_id and o.step = resume_step.step;
  if v_step.elements is null and v_runs = '{}'
    or cardinality(v_runs) + v_answered <> v_step.next_element
  then
    return false;
  end if;

  if v_step.elements is not null then
    v_more := greatest(0, least(v_step.elements - v_step.next_element,
      coalesce(v_def.max_parallel, v_step.elements) - cardinality(v_runs)));
    perform rota_core.start_elements(
      run_id, step, rota_core.step_input(run_id, step), v_step.next_element, v_more
    );
  end if;
  update rota_core.run_step as s
  set
    (state, open_runs, next_element, failed_elements, is_stopped, is_expired, due_at, finished_at,
      error) =
    ('started', cardinality(v_runs) + v_more, s.next_element + v_more, 0, false, false,
      v_now + v_def.timeout, null, null)
  where s.run_id = resume_step.run_id and s.step = resume_step.step;
  perform rota_core.requeue_finished(u.run_id) from unnest(v_runs) as u (run_id);
  return true;
end;
$$;

comment on function rota_core.resume_step(bigint, text) is
$doc$Queues the runs again with which a step failed; what its other elements answered is kept.
Returns false where that cannot be: none is left in history, or not all of them.$doc$;

revoke all on function rota_core.resume_step(bigint, text) from public;
