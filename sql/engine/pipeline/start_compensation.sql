create or replace function rota_core.start_compensation(run_id bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rota_core.wall_clock();
  v_step record;
begin
  if exists (
    select from rota_core.run_step as s
    where s.run_id = start_compensation.run_id and s.compensation = 'started'
  ) then
    return true;
  end if;

  -- What has not succeeded may have done something outside, all the same.
  select s.step, s.state, s.error, s.round, d.compensate, o.output, o.bytes, p.pipeline
  into v_step
  from rota_core.pipeline_run as p
  join rota_core.run_step as s on s.run_id = p.run_id
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, s.step)
  left join rota_core.step_output as o on o.run_id = s.run_id and o.step = s.step
  where p.run_id = start_compensation.run_id and d.compensate is not null
    and s.compensation is null and s.started_at is not null
  order by s.finished_at desc, d.ordinal desc
  limit 1;
  if not found then
    return false;
  end if;

  update rota_core.run_step as s
  set compensation = 'started'
  where s.run_id = start_compensation.run_id and s.step = v_step.step;
  insert into rota_core.run (
    task, lane, priority, run_at, input, limited, created_at, created_by, key, tags, origin,
    parent_run_id, step
  )
  select
    t.task, t.lane, t.priority + r.priority, v_now,
    jsonb_build_object('run', r.input, 'step', v_step.step, 'state', v_step.state,
      'output', case
        when coalesce(v_step.bytes, 0) + rota_core.json_bytes(r.input) <= 209715200
          then v_step.output end,
      'error', v_step.error),
    rota_core.is_limited(t), v_now, r.created_by,
    'compensate:' || rota_core.step_key(r.run_id, v_step.step, v_step.round, null),
    t.tags || r.tags, 'compensation:' || v_step.pipeline, r.run_id, v_step.step
  from rota_core.run as r
  join rota_core.task as t on t.task = v_step.compensate
  where r.run_id = start_compensation.run_id;
  return true;
end;
$$;

comment on function rota_core.start_compensation(bigint) is
$doc$Starts the compensation of the step that ended last and is not compensated yet. Returns whether
one is under way. Its input has the output of the step, unless that and the run's own input are
larger than 200 MB together.$doc$;

revoke all on function rota_core.start_compensation(bigint) from public;
