create or replace function rota_core.calendar_form_matches(
  form rota_core.calendar_form, wall timestamp
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- PL/pgSQL, because an SQL function that sets something is planned anew at every call.
  return coalesce(extract(isodow from wall)::int = any(form.weekdays), true)
    and (
      form.dates is null and form.yearly is null
      or coalesce(wall::date <@ form.dates, false)
      or coalesce(
        (extract(month from wall) * 100 + extract(day from wall))::int <@ form.yearly, false
      )
    )
    and coalesce(
      (extract(hour from wall) * 60 + extract(minute from wall))::int <@ form.hours, true
    );
end;
$$;

comment on function rota_core.calendar_form_matches(rota_core.calendar_form, timestamp) is
$doc$Whether all conditions of a calendar's rule hold when the clock of its zone shows this
time.$doc$;

revoke all on function rota_core.calendar_form_matches(
  rota_core.calendar_form, timestamp
) from public;
