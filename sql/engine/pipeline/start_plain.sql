create or replace function rota_core.start_plain(steps rota_core.step_ref[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
begin
  insert into rota_core.run (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id, step
  )
  select
    t.task, t.lane, t.priority + r.priority, v_now + d.start_delay,
    case when d.after = '{}' then jsonb_build_object('run', r.input)
      else jsonb_build_object('run', r.input) || (
        select jsonb_object_agg(a.name, o.output)
        from unnest(d.after) as a (name)
        left join rota_core.step_output as o on o.run_id = p.run_id and o.step = a.name
      ) end,
    rota_core.is_limited(t), v_now, r.created_by,
    rota_core.step_key(p.run_id, s.step, s.round, null), t.tags || r.tags,
    'pipeline:' || p.pipeline, p.run_id, s.step
  from unnest(steps) as q
  join rota_core.pipeline_run as p on p.run_id = q.run_id
  join rota_core.run as r on r.run_id = p.run_id
  join rota_core.run_step as s on s.run_id = q.run_id and s.step = q.step
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, q.step)
  join rota_core.task as t on t.task = d.task;
end;
$$;

comment on function rota_core.start_plain(rota_core.step_ref[]) is
$doc$Queues the runs of steps that start as one run, without a look at their input. The caller has
noted the steps as started.$doc$;

revoke all on function rota_core.start_plain(rota_core.step_ref[]) from public;
