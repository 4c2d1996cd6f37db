create or replace function rota_core.end_pipelines(run_ids bigint[])
returns rota_core.step_result[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_run record;
  v_done bigint[] := array[]::bigint[];
  v_results rota_core.step_result[];
begin
  for v_run in
    select p.run_id, p.stopping is not null and p.compensates as compensates
    from rota_core.pipeline_run as p
    where p.run_id = any (run_ids) and p.finished_at is null
      and not exists (
        select from rota_core.run_step as s
        where s.run_id = p.run_id and s.state in ('waiting', 'blocked', 'delayed', 'started')
      )
  loop
    if not v_run.compensates or not rota_core.start_compensation(v_run.run_id) then
      v_done := v_done || v_run.run_id;
    end if;
  end loop;
  if v_done = '{}' then
    return array[]::rota_core.step_result[];
  end if;

  with ended as (
    update rota_core.pipeline_run as p
    set finished_at = v_now, timeout_at = null
    where p.run_id = any (v_done)
    returning p.run_id, p.error, case
      when p.stopping is null then 'succeeded'
      when p.stopping = 'cancel' then 'cancelled'
      else 'failed' end as state
  ),
  gone as (
    delete from rota_core.run as r
    using ended as e
    where r.run_id = any (v_done) and r.run_id = e.run_id
    returning r.*, e.state as end_state, e.error as end_error
  ),
  kept as (
    insert into rota_core.finished_run (
      run_id, task, lane, state, priority, run_at, input, output, attempt, charged, started_at,
      finished_at, created_at, created_by, key, tags, origin, parent_run_id, progress, error, step,
      element, version
    )
    select
      g.run_id, g.task, g.lane, g.end_state, g.priority, g.run_at, g.input,
      case when g.end_state = 'succeeded' then rota_core.pipeline_output(g.run_id) end,
      g.attempt, g.charged, g.started_at, v_now, g.created_at, g.created_by, g.key, g.tags,
      g.origin, g.parent_run_id, rota_core.pipeline_progress(g.run_id), g.end_error, g.step,
      g.element, g.version
    from gone as g
    returning run_id, parent_run_id, step, element, state, output, error, origin, started_at
  )
  select array_agg(row(
    k.parent_run_id, k.step, k.element, k.run_id, k.state, k.output, k.error,
    starts_with(k.origin, 'compensation:'), k.started_at, v_now
  )::rota_core.step_result)
    filter (where k.step is not null)
  into v_results
  from kept as k;
  perform rota_core.redact_steps(v_done);
  return coalesce(v_results, '{}');
end;
$$;

comment on function rota_core.end_pipelines(bigint[]) is
$doc$Ends the runs, of those given, none of whose steps is open, after what has to be compensated.
Returns the results of those that are steps themselves. The caller holds their locks.$doc$;

revoke all on function rota_core.end_pipelines(bigint[]) from public;
