create or replace function rota_core.parse_keep(value text)
returns interval
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_length interval;
begin
  v_length := value::interval;
  return case when v_length between interval '1 day' and interval '100 years' then v_length end;
exception
  when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
    return null;
end;
$$;

comment on function rota_core.parse_keep(text) is
$doc$How long something is kept: from 1 day to 100 years. Null for what is no such length.$doc$;

revoke all on function rota_core.parse_keep(text) from public;
