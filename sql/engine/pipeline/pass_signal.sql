create or replace function rota_core.pass_signal(steps rota_core.step_ref[])
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
    v_ended := v_ended || rota_core.start_step((v_step).run_id, (v_step).step, 'signal');
  end loop;
  return v_ended;
end;
$$;

comment on function rota_core.pass_signal(rota_core.step_ref[]) is
$doc$Starts steps whose signal has come. Returns those that have ended at once.$doc$;

revoke all on function rota_core.pass_signal(rota_core.step_ref[]) from public;
