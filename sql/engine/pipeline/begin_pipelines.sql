create or replace function rota_core.begin_pipelines(
  worker_id int, items rota_core.claim_item[]
)
returns rota_core.claim_item[]
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_runs bigint[];
  v_begun bigint;
  v_plain rota_core.plain_start[];
  v_other rota_core.step_ref[];
begin
  v_runs := array(select i.run_id from unnest(items) as i where i.kind = 'pipeline');
  if v_runs = '{}' then
    return items;
  end if;
  perform rota_core.plan_for_index();
  perform rota_core.plan_in_order();

  with begun as (
    update rota_core.run as r
    set worker_id = null, counted_as = null, version = p.version
    from rota_core.pipeline as p
    where r.run_id = any (v_runs) and r.worker_id = begin_pipelines.worker_id
      and p.pipeline = r.task
    returning
      r.run_id, r.task, p.version, v_now + p.timeout as timeout_at,
      pg_column_size(r.input) > 400000 as has_large,
      case when r.step is not null then r.parent_run_id end as parent_run_id
  )
  insert into rota_core.pipeline_run (
    run_id, pipeline, version, parent_run_id, has_large, timeout_at, began_at
  )
  select b.run_id, b.task, b.version, b.parent_run_id, b.has_large, b.timeout_at, v_now
  from begun as b;
  get diagnostics v_begun = row_count;
  if v_begun <> cardinality(v_runs) then
    perform rota_core.raise_lost(worker_id);
  end if;

  insert into rota_core.run_step (run_id, step, state, remaining, ready_at, due_at)
  select
    p.run_id, d.step, case
      when d.after = '{}' and d.is_plain and not p.has_large then 'started'
      else 'waiting' end,
    cardinality(d.after), case when d.after = '{}' then v_now end,
    case when d.after = '{}' then v_now + d.timeout end
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d on d.pipeline = p.pipeline and d.version = p.version
  where p.run_id = any (v_runs)
  order by p.run_id, d.step;

  select
    array_agg(row(p.run_id, d.step, 1, p.pipeline, d.task, d.after,
      d.start_delay)::rota_core.plain_start) filter (where d.is_plain and not p.has_large),
    array_agg(row(p.run_id, d.step)::rota_core.step_ref)
      filter (where not d.is_plain or p.has_large)
  into v_plain, v_other
  from rota_core.pipeline_run as p
  join rota_core.pipeline_step as d on d.pipeline = p.pipeline and d.version = p.version
  where p.run_id = any (v_runs) and d.after = '{}';
  if v_plain is not null then
    perform rota_core.start_plain(v_plain);
  end if;
  if v_other is not null then
    perform rota_core.advance_pipelines('{}', rota_core.start_others(v_other), v_runs);
  end if;
  return array(select i from unnest(items) as i where i.kind <> 'pipeline');
end;
$$;

comment on function rota_core.begin_pipelines(int, rota_core.claim_item[]) is
$doc$Begins the runs of pipelines among what a worker has claimed: from here on they belong to no
worker. Returns the rest. Raises RT003 when a run is not this worker's any more.$doc$;

revoke all on function rota_core.begin_pipelines(int, rota_core.claim_item[]) from public;
grant execute on function rota_core.begin_pipelines(int, rota_core.claim_item[]) to rota_worker;
