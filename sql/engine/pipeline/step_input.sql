create or replace function rota_core.step_input(run_id bigint, step text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_run jsonb;
  v_after text[];
  v_signal text;
begin
  select r.input, d.after, d.wait_for
  into v_run, v_after, v_signal
  from rota_core.pipeline_run as p
  join rota_core.run as r on r.run_id = p.run_id
  join rota_core.pipeline_step as d
    on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, step_input.step)
  where p.run_id = step_input.run_id;

  if rota_core.json_bytes(v_run) + coalesce((
    select sum(o.bytes)
    from rota_core.step_output as o
    where o.run_id = step_input.run_id and o.step = any (v_after)
  ), 0) > 104857600 then
    return null;
  end if;

  return jsonb_build_object('run', v_run)
    || coalesce((
      select jsonb_object_agg(a.name, o.output)
      from unnest(v_after) as a (name)
      left join rota_core.step_output as o on o.run_id = step_input.run_id and o.step = a.name
    ), '{}')
    || coalesce((
      select jsonb_build_object('signal', s.payload)
      from rota_core.run_signal as s
      where s.run_id = step_input.run_id and s.signal = v_signal
    ), '{}');
end;
$$;

comment on function rota_core.step_input(bigint, text) is
$doc$The input of a step: the run's own, the outputs of the steps before it, the payload of its
signal. Null when it would be larger than 100 MB.$doc$;

revoke all on function rota_core.step_input(bigint, text) from public;
