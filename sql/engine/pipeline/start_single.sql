create or replace function rota_core.start_single(
  def rota_core.pipeline_step, state rota_core.run_step, input jsonb
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  update rota_core.run_step as s
  set
    state = 'started', open_runs = 1, ready_at = coalesce(s.ready_at, v_now),
    due_at = coalesce(s.due_at, v_now + (def).timeout)
  where s.run_id = (start_single.state).run_id and s.step = (start_single.state).step;

  insert into rota_core.run (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id, step
  )
  select
    t.task, t.lane, t.priority + r.priority, v_now + (def).start_delay,
    start_single.input,
    rota_core.is_limited(t), v_now, r.created_by,
    rota_core.step_key(r.run_id, (def).step, (start_single.state).round, null), t.tags || r.tags,
    'pipeline:' || (def).pipeline, r.run_id, (def).step
  from rota_core.run as r
  join rota_core.task as t on t.task = (def).task
  where r.run_id = (start_single.state).run_id;
end;
$$;

comment on function rota_core.start_single(rota_core.pipeline_step, rota_core.run_step, jsonb) is
$doc$Queues the one run of a step whose input is known.$doc$;

revoke all on function rota_core.start_single(
  rota_core.pipeline_step, rota_core.run_step, jsonb
) from public;
