create or replace function rota_core.pipeline_output(run_id bigint)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if (
    select sum(o.bytes) from rota_core.step_output as o where o.run_id = pipeline_output.run_id
  ) > 104857600 then
    -- Too large for one value, perhaps: each stands with its step.
    return jsonb_build_object('outputs', 'larger than 100 MB together: see rota.pipeline_steps');
  end if;
  return coalesce((
    select jsonb_object_agg(d.step, o.output)
    from rota_core.pipeline_run as p
    join rota_core.pipeline_step as d on d.pipeline = p.pipeline and d.version = p.version
    left join rota_core.step_output as o on o.run_id = p.run_id and o.step = d.step
    where p.run_id = pipeline_output.run_id and d.is_leaf
  ), '{}');
end;
$$;

comment on function rota_core.pipeline_output(bigint) is
$doc$The output of a run: those of the steps that none comes after.$doc$;

revoke all on function rota_core.pipeline_output(bigint) from public;
