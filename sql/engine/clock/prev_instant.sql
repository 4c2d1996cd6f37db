create or replace function rota_core.prev_instant(
  form rota_core.cron_form, at timestamptz, timezone text
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_day constant interval := interval '24 hours';
  v_at timestamptz := at - interval '1 microsecond';
  v_wall timestamp;
  v_instant timestamptz;
  v_change timestamptz;
begin
  if form.every is not null then
    return date_bin(form.every, v_at, timestamptz 'epoch');
  end if;

  if timezone = 'UTC' then
    return rota_core.prev_local_time(form, v_at at time zone 'UTC') at time zone 'UTC';
  end if;

  if form.fixed_time then
    -- Shortly after the clock went back, the first time round reached further than now.
    v_wall := rota_core.prev_local_time(form, greatest(
      v_at at time zone timezone, ((v_at - c_day) at time zone timezone) + c_day
    ));
    loop
      v_instant := rota_core.local_instant(v_wall, timezone);
      exit when v_instant < at;
      v_wall := rota_core.prev_local_time(form, v_wall - interval '1 minute');
    end loop;
    return v_instant;
  end if;

  v_wall := rota_core.prev_local_time(form, v_at at time zone timezone);
  loop
    v_instant := (v_wall at time zone 'UTC') - rota_core.utc_offset(v_at, timezone);
    if (v_at at time zone timezone) - ((v_at - c_day) at time zone timezone) <> c_day then
      v_change := rota_core.zone_transition(v_at - c_day, v_at, timezone);
      exit when v_instant >= v_change;
    else
      exit when v_instant >= v_at - c_day;
      v_instant := rota_core.local_instant(v_wall, timezone, true);
      exit when (v_instant at time zone timezone) = v_wall;
      v_change := v_instant;
    end if;
    v_at := v_change - interval '1 microsecond';
    v_wall := rota_core.prev_local_time(form, v_at at time zone timezone);
    if v_wall < (at at time zone timezone) - interval '100 years' then
      raise exception using
        errcode = 'invalid_parameter_value',
        message = format('this cron expression can never match in time zone %s', timezone),
        detail = 'Whenever its time would come, the clock there leaves it out.',
        hint = 'Begin neither minute nor hour with a star: it then happens right afterwards.';
    end if;
  end loop;
  return v_instant;
end;
$$;

comment on function rota_core.prev_instant(rota_core.cron_form, timestamptz, text) is
$doc$The last moment before `at` that a parsed cron expression names in a zone.

Daylight saving as in next_instant(): the two name the same moments.$doc$;

revoke all on function rota_core.prev_instant(rota_core.cron_form, timestamptz, text) from public;
