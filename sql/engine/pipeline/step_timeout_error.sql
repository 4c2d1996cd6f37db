create or replace function rota_core.step_timeout_error(run_id bigint, step text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select rota_core.error_json(
      '57014',
      format('step %s timed out after %s', step_timeout_error.step, d.timeout),
      case when s.state = 'blocked' then format('Signal %s did not come.', d.wait_for) end
    )
    from rota_core.pipeline_run as p
    join rota_core.run_step as s on s.run_id = p.run_id and s.step = step_timeout_error.step
    join rota_core.pipeline_step as d
      on (d.pipeline, d.version, d.step) = (p.pipeline, p.version, s.step)
    where p.run_id = step_timeout_error.run_id
  );
end;
$$;

comment on function rota_core.step_timeout_error(bigint, text) is
$doc$The error of a step that was open for longer than its timeout.$doc$;

revoke all on function rota_core.step_timeout_error(bigint, text) from public;
