create or replace function rota_core.record_outcomes(
  worker_id int, outcomes rota_core.outcome[], any_failed boolean, costs jsonb
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_good rota_core.outcome[] := outcomes;
  v_failed rota_core.outcome;
  v_ids bigint[];
  v_found bigint;
  v_steps rota_core.step_result[];
begin
  perform rota_core.plan_for_index();
  if any_failed then
    v_good := array(select o from unnest(outcomes) as o where o.error is null);
  end if;
  v_ids := array(select o.run_id from unnest(v_good) as o);

  -- By the ids in hand and by their places: joined with the outcomes, a table that fills and
  -- empties in seconds may be read whole, and each row compared with each outcome.
  with gone as (
    delete from rota_core.run as r
    where r.run_id = any (v_ids) and r.worker_id = record_outcomes.worker_id
      and r.attempt = (v_good[array_position(v_ids, r.run_id)]).attempt
    returning
      r.run_id, r.task, r.lane, r.priority, r.run_at, r.input, r.attempt, r.charged, r.worker_id,
      r.created_at, r.created_by, r.key, r.tags, r.origin, r.parent_run_id, r.checkpoint,
      r.progress, r.rows_done, r.step, r.element, v_good[array_position(v_ids, r.run_id)] as o
  ),
  kept as (
    insert into rota_core.finished_run (
      run_id, task, lane, state, priority, run_at, input, output, attempt, charged, worker_id,
      started_at, finished_at, created_at, created_by, key, tags, origin, parent_run_id,
      checkpoint, progress, rows_done, step, element
    )
    select
      g.run_id, g.task, g.lane, 'succeeded', g.priority, g.run_at, g.input, (g.o).output,
      g.attempt, g.charged, g.worker_id, (g.o).started_at, (g.o).finished_at, g.created_at,
      g.created_by, g.key, g.tags, g.origin, g.parent_run_id, g.checkpoint, g.progress,
      g.rows_done, g.step, g.element
    from gone as g
  )
  select
    count(*),
    array_agg(row(
      g.parent_run_id, g.step, g.element, g.run_id, 'succeeded', (g.o).output, null,
      starts_with(g.origin, 'compensation:'), (g.o).started_at, (g.o).finished_at
    )::rota_core.step_result) filter (where g.step is not null)
  into v_found, v_steps
  from gone as g;
  if v_found <> cardinality(v_ids) then
    perform rota_core.raise_lost(worker_id);
  end if;

  if any_failed then
    perform rota_core.hold_pipelines(
      array(select o.run_id from unnest(outcomes) as o where o.error is not null),
      array(select s.parent_run_id from unnest(v_steps) as s)
    );
  end if;
  if v_steps is not null then
    perform rota_core.plan_in_order();
    perform rota_core.advance_pipelines(v_steps);
  end if;
  if any_failed then
    foreach v_failed in array outcomes loop
      if v_failed.error is not null then
        perform rota_core.record_failure(record_outcomes.worker_id, v_failed);
      end if;
    end loop;
  end if;
  if exists (select from rota_core.task as t where t.redact <> '{}') then
    perform rota_core.redact_finished(outcomes);
  end if;
  return rota_core.learn_costs(costs, outcomes);
end;
$$;

comment on function rota_core.record_outcomes(int, rota_core.outcome[], boolean, jsonb) is
$doc$Records how attempts of a worker ended, in the transaction of their effects; returns what
tasks are now known to cost, in seconds. Raises RT003, and so undoes the effects, when any of the
runs is not this worker's any more.$doc$;

revoke all on function rota_core.record_outcomes(int, rota_core.outcome[], boolean, jsonb)
from public;
grant execute on function rota_core.record_outcomes(int, rota_core.outcome[], boolean, jsonb)
to rota_worker;
