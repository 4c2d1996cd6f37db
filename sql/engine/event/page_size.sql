create or replace function rota_core.page_size(events int, since timestamptz)
returns int
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- real time: how long events took
  v_seconds constant float8 := extract(epoch from clock_timestamp() - since);
begin
  return greatest(1, least(10000, 0.2 * events / greatest(v_seconds, 0.00001)));
end;
$$;

comment on function rota_core.page_size(int, timestamptz) is
$doc$How many events a handler can be given for 0.2 s, after it took some time for some.$doc$;

revoke all on function rota_core.page_size(int, timestamptz) from public;
grant execute on function rota_core.page_size(int, timestamptz) to rota_worker;
