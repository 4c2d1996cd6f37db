create or replace function rota_core.start_others(
  steps rota_core.step_ref[], gate text default 'condition'
)
returns rota_core.step_end[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step rota_core.step_ref;
  v_ended rota_core.step_end[] := array[]::rota_core.step_end[];
begin
  foreach v_step in array steps loop
    v_ended := v_ended || rota_core.start_step((v_step).run_id, (v_step).step, gate);
  end loop;
  return v_ended;
end;
$$;

comment on function rota_core.start_others(rota_core.step_ref[], text) is
$doc$Starts steps that have a condition, a signal, elements or no task, one after another, which
have passed all that comes before gate (see rota_core.start_step). Returns those that have ended
at once.$doc$;

revoke all on function rota_core.start_others(rota_core.step_ref[], text) from public;
