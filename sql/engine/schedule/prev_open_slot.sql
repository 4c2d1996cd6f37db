create or replace function rota_core.prev_open_slot(
  form rota_core.cron_form, timezone text, forms rota_core.calendar_form[], slot timestamptz,
  since timestamptz
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_slot timestamptz := slot;
  v_since timestamptz;
begin
  for i in 1..400 loop
    exit when v_slot < prev_open_slot.since;
    v_since := (rota_core.exclusion(forms, v_slot)).since;
    if v_since is null then
      return v_slot;
    end if;
    v_slot := rota_core.prev_instant(form, v_since, timezone);
  end loop;
  return null;
end;
$$;

comment on function rota_core.prev_open_slot(
  rota_core.cron_form, text, rota_core.calendar_form[], timestamptz, timestamptz
) is
$doc$This slot if the rules do not exclude it, else the last before it that they do not; null where
there is none since then, or none is found in 400 stretches.$doc$;

revoke all on function rota_core.prev_open_slot(
  rota_core.cron_form, text, rota_core.calendar_form[], timestamptz, timestamptz
) from public;
