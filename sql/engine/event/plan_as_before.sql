create or replace function rota_core.plan_as_before(settings text[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  for v_n in 1 .. array_length(settings, 1) loop
    perform set_config(settings[v_n][1], settings[v_n][2], true);
  end loop;
end;
$$;

comment on function rota_core.plan_as_before(text[]) is
$doc$Sets for the rest of the transaction what rota_core.planning() returned.$doc$;

revoke all on function rota_core.plan_as_before(text[]) from public;
grant execute on function rota_core.plan_as_before(text[]) to rota_capture;
