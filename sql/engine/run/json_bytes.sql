create or replace function rota_core.json_bytes(value jsonb)
returns bigint
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
  -- Of one that comes compressed out of a table pg_column_size says how large it is there.
  select case
    when pg_column_compression(value) is null then pg_column_size(value)
    else octet_length(value::text)
  end;
$$;

comment on function rota_core.json_bytes(jsonb) is
$doc$How large a value is where it is used, whatever it takes where it is stored.$doc$;

revoke all on function rota_core.json_bytes(jsonb) from public;
grant execute on function rota_core.json_bytes(jsonb) to rota_worker;
