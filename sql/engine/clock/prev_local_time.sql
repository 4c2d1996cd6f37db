create or replace function rota_core.prev_local_time(form rota_core.cron_form, until timestamp)
returns timestamp
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hours constant int[] := form.hours;
  v_minutes constant int[] := form.minutes;
  v_latest constant int := v_minutes[cardinality(v_minutes)];
  v_today constant date := until;
  v_day date := rota_core.prev_cron_day(form, v_today);
  v_hour int;
  v_minute int;
begin
  if v_day = v_today then
    v_hour := v_hours[width_bucket(date_part('hour', until)::int, v_hours)];
    v_minute := v_latest;
    if v_hour = date_part('hour', until) then
      v_minute := v_minutes[width_bucket(date_part('minute', until)::int, v_minutes)];
      if v_minute is null then
        v_hour := v_hours[width_bucket(v_hour - 1, v_hours)];
        v_minute := v_latest;
      end if;
    end if;
    if v_hour is not null then
      return v_day + make_time(v_hour, v_minute, 0);
    end if;
    v_day := rota_core.prev_cron_day(form, v_today - 1);
  end if;
  return v_day + make_time(v_hours[cardinality(v_hours)], v_latest, 0);
end;
$$;

comment on function rota_core.prev_local_time(rota_core.cron_form, timestamp) is
$doc$The last time on the wall, at or before `until`, that a cron expression names.$doc$;

revoke all on function rota_core.prev_local_time(rota_core.cron_form, timestamp) from public;
