create or replace function rota_core.utc_offset(at timestamptz, timezone text)
returns interval
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (at at time zone timezone) - (at at time zone 'UTC');
end;
$$;

comment on function rota_core.utc_offset(timestamptz, text) is
$doc$How far a zone's wall clock is ahead of UTC at that moment.$doc$;

revoke all on function rota_core.utc_offset(timestamptz, text) from public;
