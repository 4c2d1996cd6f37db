create or replace function rota_core.next_open_slot(
  form rota_core.cron_form, timezone text, forms rota_core.calendar_form[], slot timestamptz
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz := slot;
  v_until timestamptz;
begin
  for i in 1..400 loop
    v_until := (rota_core.exclusion(forms, v_slot)).until;
    if v_until is null then
      return v_slot;
    end if;
    v_slot := rota_core.next_instant(form, v_until - interval '1 microsecond', timezone);
  end loop;
  return null;
end;
$$;

comment on function rota_core.next_open_slot(
  rota_core.cron_form, text, rota_core.calendar_form[], timestamptz
) is
$doc$This slot if the rules do not exclude it, else the first after it that they do not; null where
none is found in 400 stretches, which is more than a year of whole days.$doc$;

revoke all on function rota_core.next_open_slot(
  rota_core.cron_form, text, rota_core.calendar_form[], timestamptz
) from public;
