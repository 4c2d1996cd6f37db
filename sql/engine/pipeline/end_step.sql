create or replace function rota_core.end_step(
  run_id bigint, step text, state text, output jsonb, error jsonb
)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_policy text;
  v_by_hand boolean;
begin
  update rota_core.run_step as s
  set
    state = end_step.state, finished_at = v_now, due_at = null, open_runs = 0,
    error = coalesce(end_step.error, s.error)
  where s.run_id = end_step.run_id and s.step = end_step.step
  returning s.is_by_hand into v_by_hand;

  if end_step.output is not null then
    perform rota_core.keep_output(run_id, step, output);
  end if;

  select d.on_failure
  into v_policy
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, end_step.step)
  where p.run_id = end_step.run_id;
  return array[row(
    run_id, step, state = 'succeeded' or v_by_hand or v_policy = 'continue',
    state in ('failed', 'cancelled') and v_policy in ('fail', 'compensate')
  )::rota_core.step_end];
end;
$$;

comment on function rota_core.end_step(bigint, text, text, jsonb, jsonb) is
$doc$Notes the end of one step, and returns what follows from it by the step's policy.$doc$;

revoke all on function rota_core.end_step(bigint, text, text, jsonb, jsonb) from public;
