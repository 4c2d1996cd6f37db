create or replace function rota_core.is_excluded(
  forms rota_core.calendar_form[], at timestamptz
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form rota_core.calendar_form;
begin
  foreach v_form in array forms loop
    if rota_core.calendar_form_matches(v_form, at at time zone v_form.timezone) then
      return true;
    end if;
  end loop;
  return false;
end;
$$;

comment on function rota_core.is_excluded(rota_core.calendar_form[], timestamptz) is
$doc$Whether any of these rules excludes a moment.$doc$;

revoke all on function rota_core.is_excluded(rota_core.calendar_form[], timestamptz) from public;
