create or replace function rota_core.next_start(
  cron text, timezone text, calendar text, next_at timestamptz
)
returns timestamptz
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_forms rota_core.calendar_form[];
begin
  select c.forms into v_forms from rota_core.calendar as c where c.calendar = next_start.calendar;
  if v_forms is null or not isfinite(next_at) then
    return next_at;
  end if;
  return rota_core.next_open_slot(rota_core.parse_cron(cron), timezone, v_forms, next_at);
exception
  -- A time zone can vanish from the server: then the next slot fails, and no start is in sight.
  when invalid_parameter_value then
    return null;
end;
$$;

comment on function rota_core.next_start(text, text, text, timestamptz) is
$doc$The first slot from next_at on that a schedule's calendar does not exclude; null where none is
in sight.$doc$;

revoke all on function rota_core.next_start(text, text, text, timestamptz) from public;
grant execute on function rota_core.next_start(text, text, text, timestamptz)
to rota_reader, rota_admin;
