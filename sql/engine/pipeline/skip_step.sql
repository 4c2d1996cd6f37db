create or replace function rota.skip_step(run_id bigint, step text, output jsonb default null)
returns text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state text;
  v_running bigint;
begin
  perform rota_core.check_own_run(skip_step.run_id);
  perform rota_core.lock_pipelines(array[skip_step.run_id]);
  select s.state into v_state
  from rota_core.run_step as s
  where s.run_id = skip_step.run_id and s.step = skip_step.step;
  if not found then
    perform rota_core.raise_no_step(skip_step.run_id, skip_step.step);
  end if;
  select r.run_id into v_running
  from rota_core.run as r
  where r.parent_run_id = skip_step.run_id and r.step = skip_step.step and r.state = 'running'
  limit 1;
  if v_state in ('succeeded', 'skipped') or v_running is not null then
    raise exception using
      errcode = 'RT001',
      message = format('step %s of run %s is %s and cannot be skipped', skip_step.step,
        skip_step.run_id, case when v_running is null then v_state else 'running' end),
      hint = case when v_running is null
        then format('Do it again: select rota.retry(%s, from_step => %L);', skip_step.run_id,
          skip_step.step)
        else format('Cancel it first: select rota.cancel(%s);', v_running) end;
  end if;

  update rota_core.run_step as s
  set is_by_hand = true
  where s.run_id = skip_step.run_id and s.step = skip_step.step;
  if not exists (
    select from rota_core.pipeline_run as p
    where p.run_id = skip_step.run_id and p.finished_at is null
  ) then
    perform rota_core.refuse_step_retry(skip_step.run_id, null);
    perform rota_core.end_step(skip_step.run_id, skip_step.step, 'skipped', skip_step.output, null);
    return rota_core.resume_pipeline(skip_step.run_id, null);
  end if;
  perform rota_core.advance_pipelines(
    '{}',
    rota_core.end_step(skip_step.run_id, skip_step.step, 'skipped', skip_step.output, null),
    array[skip_step.run_id]
  );
  perform rota_core.cancel_queued(skip_step.run_id, skip_step.step);
  return rota_core.state_of(skip_step.run_id);
end;
$$;

comment on function rota.skip_step(bigint, text, jsonb) is
$doc$Let a run of a pipeline go on without one of its steps: one that waits, or that failed or was
cancelled. An ended run is taken up again.

- run_id: of the pipeline. step: its name. output: what the steps after it get in its place
  (default: null).

Returns the state of the run. Raises 42704 for an unknown run or step, 42501 for another's run,
RT001 for a step that is running or has succeeded, or of an ended run that is a step itself.
For: rota_app (own runs), rota_admin.$doc$;

revoke all on function rota.skip_step(bigint, text, jsonb) from public;
grant execute on function rota.skip_step(bigint, text, jsonb) to rota_app, rota_admin;
