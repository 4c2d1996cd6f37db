create or replace function rota_core.check_keep(setting text, value text)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_length interval;
begin
  begin
    v_length := value::interval;
  exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
      v_length := null;
  end;
  if v_length is null or v_length not between interval '1 day' and interval '100 years' then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s must be a length from 1 day to 100 years, not %s', setting,
        quote_nullable(value)),
      hint = format('select rota.configure(%L, ''90 days'');', setting);
  end if;
end;
$$;

comment on function rota_core.check_keep(text, text) is
$doc$Refuses, with 22023, what is no length of time to keep something for.$doc$;

revoke all on function rota_core.check_keep(text, text) from public;
