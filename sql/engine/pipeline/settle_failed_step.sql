create or replace function rota_core.settle_failed_step(result rota_core.step_result)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_state text := (result).state;
  v_error jsonb := (result).error;
  v_expired boolean;
begin
  update rota_core.run_step as s
  set step_run_id = (result).run_id, started_at = (result).started_at
  where s.run_id = (result).parent_run_id and s.step = (result).step and s.state = 'started'
  returning s.is_expired into v_expired;
  if not found then
    return array[]::rota_core.step_end[];
  end if;

  if v_expired then
    v_state := 'failed';
    v_error := rota_core.step_timeout_error((result).parent_run_id, (result).step);
  elsif v_error is null then
    v_error := rota_core.error_json('57014', 'cancelled');
  end if;
  return rota_core.end_step(
    (result).parent_run_id, (result).step, v_state, null,
    v_error || jsonb_build_object('run_id', (result).run_id)
  );
end;
$$;

comment on function rota_core.settle_failed_step(rota_core.step_result) is
$doc$Notes that the run of a step failed or was cancelled; returns the step.$doc$;

revoke all on function rota_core.settle_failed_step(rota_core.step_result) from public;
