create or replace function rota_core.settle_steps(results rota_core.step_result[])
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_large bigint[];
  v_ended rota_core.step_end[];
  v_result rota_core.step_result;
begin
  with changed as (
    update rota_core.run_step as s
    set
      state = 'succeeded', open_runs = 0, due_at = null, step_run_id = r.run_id,
      started_at = r.started_at, finished_at = r.finished_at, error = null
    from unnest(results) as r
    where r.element is null and r.state = 'succeeded' and not r.is_compensation
      and s.run_id = r.parent_run_id and s.step = r.step and s.state = 'started'
    returning s.run_id, s.step, r.output
  ),
  kept as (
    insert into rota_core.step_output as o (run_id, step, output, bytes)
    select c.run_id, c.step, c.output, case
      when pg_column_compression(c.output) is null then pg_column_size(c.output)
      else rota_core.json_bytes(c.output) end
    from changed as c
    where c.output is not null
    on conflict (run_id, step) do update
    set output = excluded.output, bytes = excluded.bytes
    returning o.run_id, o.bytes
  )
  select
    (select array_agg(row(c.run_id, c.step, true, false)::rota_core.step_end) from changed as c),
    (select array_agg(k.run_id) from kept as k where k.bytes > 100000)
  into v_ended, v_large;
  if v_large is not null then
    update rota_core.pipeline_run as p set has_large = true where p.run_id = any (v_large);
  end if;

  for v_result in
    select r.*
    from unnest(results) as r
    where r.element is null and r.state <> 'succeeded' and not r.is_compensation
  loop
    v_ended := v_ended || rota_core.settle_failed_step(v_result);
  end loop;
  return coalesce(v_ended, '{}');
end;
$$;

comment on function rota_core.settle_steps(rota_core.step_result[]) is
$doc$Notes how the runs of steps without elements ended; returns those steps. The caller holds the
locks of their runs.$doc$;

revoke all on function rota_core.settle_steps(rota_core.step_result[]) from public;
