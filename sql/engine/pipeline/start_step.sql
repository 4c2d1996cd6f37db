create or replace function rota_core.start_step(run_id bigint, step text, gate text)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_def rota_core.pipeline_step;
  v_state rota_core.run_step;
  v_input jsonb;
  v_given jsonb;
begin
  select d.*
  into v_def
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, start_step.step)
  where p.run_id = start_step.run_id;
  select s.*
  into v_state
  from rota_core.run_step as s
  where s.run_id = start_step.run_id and s.step = start_step.step;

  v_input := rota_core.step_input(run_id, step);
  if v_input is null then
    return rota_core.end_step(run_id, step, 'failed', null, rota_core.error_json('54000',
      'the input would be larger than 100 MB', 'It is the run''s own and the outputs before it.',
      'Keep large data in a table and hand on its key.'));
  end if;

  if gate = 'condition' and v_def.when_path is not null then
    v_given := jsonb_path_query_first(v_input, v_def.when_path, silent => true);
    if coalesce(v_given, 'null') in ('null', 'false') then
      return rota_core.end_step(run_id, step, 'skipped', null, null);
    end if;
  end if;

  if v_def.wait_for is not null and not v_input ? 'signal' then
    update rota_core.run_step as s
    set state = 'blocked', ready_at = coalesce(s.ready_at, v_now), due_at = v_now + v_def.timeout
    where s.run_id = start_step.run_id and s.step = start_step.step;
    return array[]::rota_core.step_end[];
  end if;
  update rota_core.run_signal as g
  set is_delivered = true
  where g.run_id = start_step.run_id and g.signal = v_def.wait_for;

  if v_def.task is null and gate <> 'time' and v_def.start_delay > interval '0' then
    update rota_core.run_step as s
    set state = 'delayed', ready_at = coalesce(s.ready_at, v_now), due_at = v_now + v_def.start_delay
    where s.run_id = start_step.run_id and s.step = start_step.step;
    return array[]::rota_core.step_end[];
  end if;
  if v_def.task is null then
    return rota_core.end_step(run_id, step, 'succeeded',
      coalesce(v_input -> 'signal', v_input - 'run'), null);
  end if;

  if v_def.for_each is not null then
    return rota_core.start_map(v_def, v_state, v_input);
  end if;
  perform rota_core.start_single(v_def, v_state, v_input);
  return array[]::rota_core.step_end[];
end;
$$;

comment on function rota_core.start_step(bigint, text, text) is
$doc$Starts a step whose dependencies have ended. gate: what it has not passed yet, `condition`,
`signal` or, when all are behind it, `time`. Returns the step when it has ended at once. The caller
holds the lock of the run.$doc$;

revoke all on function rota_core.start_step(bigint, text, text) from public;
