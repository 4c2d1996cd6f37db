create or replace function rota_core.next_local_time(form rota_core.cron_form, since timestamp)
returns timestamp
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_hours constant int[] := form.hours;
  v_minutes constant int[] := form.minutes;
  v_start constant timestamp := date_trunc('minute', since + interval '59.999999 s');
  v_today constant date := v_start;
  v_day date := rota_core.next_cron_day(form, v_today);
  v_hour int;
  v_minute int;
begin
  if v_day = v_today then
    v_hour := v_hours[width_bucket(date_part('hour', v_start)::int - 1, v_hours) + 1];
    v_minute := v_minutes[1];
    if v_hour = date_part('hour', v_start) then
      v_minute :=
        v_minutes[width_bucket(date_part('minute', v_start)::int - 1, v_minutes) + 1];
      if v_minute is null then
        v_hour := v_hours[width_bucket(v_hour, v_hours) + 1];
        v_minute := v_minutes[1];
      end if;
    end if;
    if v_hour is not null then
      return v_day + make_time(v_hour, v_minute, 0);
    end if;
    v_day := rota_core.next_cron_day(form, v_today + 1);
  end if;
  return v_day + make_time(v_hours[1], v_minutes[1], 0);
end;
$$;

comment on function rota_core.next_local_time(rota_core.cron_form, timestamp) is
$doc$The first time on the wall, at or after `since`, that a cron expression names.$doc$;

revoke all on function rota_core.next_local_time(rota_core.cron_form, timestamp) from public;
