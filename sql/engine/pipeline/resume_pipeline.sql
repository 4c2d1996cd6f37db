create or replace function rota_core.resume_pipeline(run_id bigint, from_step text)
returns text
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_run rota_core.finished_run;
  v_ended rota_core.step_end[];
begin
  -- With the runs of its steps that are resumed with it: inner ones are locked first.
  perform rota_core.lock_pipelines(array(
    with recursive ended as (
      select resume_pipeline.run_id as run_id
      union all
      select f.run_id
      from ended as e
      join rota_core.finished_run as f on f.parent_run_id = e.run_id
      where f.step is not null and f.version is not null and f.state in ('failed', 'cancelled')
    )
    select e.run_id from ended as e
  ));
  delete from rota_core.finished_run as f
  where f.run_id = resume_pipeline.run_id and not f.redacted
    and (f.state in ('failed', 'cancelled') or (f.state = 'succeeded' and from_step is not null))
  returning f.* into v_run;
  if not found then
    return rota_core.state_of(run_id);
  end if;

  insert into rota_core.run (
    run_id, task, lane, state, priority, run_at, input, attempt, created_at, created_by, key, tags,
    origin, parent_run_id, step, element, version, claimed_at, started_at
  )
  overriding system value
  values (
    v_run.run_id, v_run.task, v_run.lane, 'running', v_run.priority, v_now, v_run.input,
    v_run.attempt + 1, v_run.created_at, v_run.created_by, v_run.key, v_run.tags, v_run.origin,
    v_run.parent_run_id, v_run.step, v_run.element, v_run.version, v_now, v_now
  );
  update rota_core.pipeline_run as p
  set
    finished_at = null, stopping = null, compensates = false, error = null,
    timeout_at = v_now + coalesce((
      select d.timeout from rota_core.pipeline as d where d.pipeline = p.pipeline
    ), interval '30 days')
  where p.run_id = resume_pipeline.run_id;

  v_ended := rota_core.reset_steps(run_id, from_step);
  perform rota_core.advance_pipelines('{}', v_ended, array[resume_pipeline.run_id]);
  return rota_core.state_of(run_id);
end;
$$;

comment on function rota_core.resume_pipeline(bigint, text) is
$doc$Takes an ended run of a pipeline from history and lets it go on: the steps that failed, were
cancelled or were compensated are done again, and from_step if given, with all that come after
them. Returns the state of the run.$doc$;

revoke all on function rota_core.resume_pipeline(bigint, text) from public;
