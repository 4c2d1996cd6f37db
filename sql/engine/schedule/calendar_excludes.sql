create or replace function rota.calendar_excludes(name text, at timestamptz)
returns boolean
language plpgsql
stable
strict
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_forms rota_core.calendar_form[];
begin
  if not isfinite(at) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('calendar_excludes needs a moment, not %s', at),
      hint = 'Pass now() or a timestamp with time zone.';
  end if;
  select c.forms into v_forms from rota_core.calendar as c where c.calendar = name;
  if not found then
    raise exception using
      errcode = 'undefined_object',
      message = format('calendar %s does not exist', quote_literal(name)),
      hint = 'See what exists: select name from rota.calendars;';
  end if;
  return rota_core.is_excluded(v_forms, at);
end;
$$;

comment on function rota.calendar_excludes(text, timestamptz) is
$doc$Whether a calendar excludes a moment, so that no schedule with this calendar would start then.

Null when an argument is null. Raises 42704 when there is no such calendar, 22023 for infinity.
For: rota_admin, rota_app, rota_monitor, rota_reader, rota_worker.$doc$;

revoke all on function rota.calendar_excludes(text, timestamptz) from public;
grant execute on function rota.calendar_excludes(text, timestamptz)
to rota_admin, rota_app, rota_worker, rota_monitor, rota_reader;
