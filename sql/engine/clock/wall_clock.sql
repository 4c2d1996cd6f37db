create or replace function rota_core.wall_clock()
returns timestamptz
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  return clock_timestamp();
end;
$$;

comment on function rota_core.wall_clock() is
$doc$The only clock rota reads. Tests replace it inside their own transaction.$doc$;

revoke all on function rota_core.wall_clock() from public;
grant execute on function rota_core.wall_clock() to rota_worker, rota_reader, rota_admin;
