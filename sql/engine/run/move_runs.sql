create or replace function rota_core.move_runs(
  run_ids bigint[], live_state text, state text, error jsonb,
  out moved bigint, out results rota_core.step_result[]
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- A reader of events leaves behind when to look for what it has not read.
  update rota_core.event_position as p
  set
    wake_at = rota_core.wall_clock()
      + case move_runs.state when 'cancelled' then interval '5 s' else interval '1 min' end
  from rota_core.run as r
  where r.run_id = any(move_runs.run_ids) and r.state is not distinct from move_runs.live_state
    and r.origin like 'subscription:%' and p.subscription = r.input ->> 'subscription'
    and p.shard = (r.input ->> 'shard')::int;

  with gone as (
    delete from rota_core.run as r
    where r.run_id = any(move_runs.run_ids) and r.state is not distinct from move_runs.live_state
      and r.version is null
    returning r.*
  ),
  kept as (
    insert into rota_core.finished_run (
      run_id, task, lane, state, priority, run_at, input, attempt, charged, worker_id, started_at,
      finished_at, created_at, created_by, key, tags, origin, parent_run_id, checkpoint, progress,
      rows_done, error, step, element
    )
    select
      g.run_id, g.task, g.lane, move_runs.state, g.priority, g.run_at, g.input, g.attempt,
      g.charged, g.worker_id, g.started_at, rota_core.wall_clock(), g.created_at, g.created_by,
      g.key, g.tags, g.origin, g.parent_run_id, g.checkpoint, g.progress, g.rows_done,
      coalesce(move_runs.error, g.error), g.step, g.element
    from gone as g
    returning
      finished_run.run_id, finished_run.state, finished_run.parent_run_id, finished_run.step,
      finished_run.element, finished_run.error, finished_run.origin, finished_run.attempt,
      finished_run.started_at, finished_run.finished_at
  )
  select
    count(*),
    array_agg(row(
      k.parent_run_id, k.step, k.element, k.run_id, k.state, null, k.error,
      starts_with(k.origin, 'compensation:'),
      -- One that waits for its next attempt has begun, with the first.
      coalesce(k.started_at, case when k.attempt > 0 then (
        select min(a.started_at) from rota_core.attempt as a where a.run_id = k.run_id
      ) end),
      k.finished_at
    )::rota_core.step_result) filter (where k.step is not null)
  into move_runs.moved, move_runs.results
  from kept as k;
  results := coalesce(results, '{}');
end;
$$;

comment on function rota_core.move_runs(bigint[], text, text, jsonb) is
$doc$Moves runs that are still in live_state to history as cancelled or failed. Returns how many,
and what that means to the pipelines they are steps of, for the caller to settle.$doc$;

revoke all on function rota_core.move_runs(bigint[], text, text, jsonb) from public;
