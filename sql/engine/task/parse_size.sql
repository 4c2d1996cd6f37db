create or replace function rota_core.parse_size(value text)
returns bigint
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_bytes bigint;
begin
  v_bytes := pg_size_bytes(value);
  return case when v_bytes >= 1024 * 1024 then v_bytes end;
exception
  when invalid_parameter_value or numeric_value_out_of_range or invalid_text_representation then
    return null;
end;
$$;

comment on function rota_core.parse_size(text) is
$doc$The bytes of a size such as 10 GB. Null for what is no size, or less than 1 MB.$doc$;

revoke all on function rota_core.parse_size(text) from public;
