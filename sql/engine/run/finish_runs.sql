create or replace function rota_core.finish_runs(
  run_ids bigint[], live_state text, state text, error jsonb default null
)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count bigint;
begin
  -- A reader of events leaves behind when to look for what it has not read.
  update rota_core.event_position as p
  set
    wake_at = rota_core.wall_clock()
      + case finish_runs.state when 'cancelled' then interval '5 s' else interval '1 min' end
  from rota_core.run as r
  where r.run_id = any(finish_runs.run_ids) and r.state is not distinct from finish_runs.live_state
    and r.origin like 'subscription:%' and p.subscription = r.input ->> 'subscription'
    and p.shard = (r.input ->> 'shard')::int;

  with gone as (
    delete from rota_core.run as r
    where r.run_id = any(finish_runs.run_ids) and r.state is not distinct from finish_runs.live_state
    returning r.*
  )
  insert into rota_core.finished_run (
    run_id, task, lane, state, priority, run_at, input, attempt, charged, worker_id, started_at,
    finished_at, created_at, created_by, key, tags, origin, parent_run_id, checkpoint, progress,
    rows_done, error
  )
  select
    g.run_id, g.task, g.lane, finish_runs.state, g.priority, g.run_at, g.input, g.attempt,
    g.charged, g.worker_id, g.started_at, rota_core.wall_clock(), g.created_at, g.created_by,
    g.key, g.tags, g.origin, g.parent_run_id, g.checkpoint, g.progress, g.rows_done,
    coalesce(finish_runs.error, g.error)
  from gone as g;
  get diagnostics v_count = row_count;
  return v_count;
end;
$$;

comment on function rota_core.finish_runs(bigint[], text, text, jsonb) is
$doc$Moves runs that are still in live_state to history as cancelled or failed. Returns how
many.$doc$;

revoke all on function rota_core.finish_runs(bigint[], text, text, jsonb) from public;
