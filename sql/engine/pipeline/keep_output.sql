create or replace function rota_core.keep_output(run_id bigint, step text, output jsonb)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bigint := rota_core.json_bytes(output);
begin
  insert into rota_core.step_output as o (run_id, step, output, bytes)
  values (keep_output.run_id, keep_output.step, keep_output.output, v_bytes)
  on conflict on constraint step_output_pkey do update
  set output = excluded.output, bytes = excluded.bytes;
  -- Several of them would make an input that jsonb cannot hold: the steps after are looked at.
  if v_bytes > 100000 then
    update rota_core.pipeline_run as p set has_large = true where p.run_id = keep_output.run_id;
  end if;
end;
$$;

comment on function rota_core.keep_output(bigint, text, jsonb) is
$doc$Stores what a step answered.$doc$;

revoke all on function rota_core.keep_output(bigint, text, jsonb) from public;
