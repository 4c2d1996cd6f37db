create or replace function rota_core.next_instant(
  form rota_core.cron_form, at timestamptz, timezone text
)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_day constant interval := interval '24 hours';
  v_at timestamptz := at;
  v_since timestamp;
  v_wall timestamp;
  v_instant timestamptz;
  v_change timestamptz;
begin
  if form.every is not null then
    return date_bin(form.every, at, timestamptz 'epoch') + form.every;
  end if;

  v_since := (at at time zone timezone) + interval '1 microsecond';
  v_wall := rota_core.next_local_time(form, v_since);
  if timezone = 'UTC' then
    return v_wall at time zone 'UTC';
  end if;

  if form.fixed_time then
    loop
      v_instant := rota_core.local_instant(v_wall, timezone);
      exit when v_instant > at;
      v_wall := rota_core.next_local_time(form, v_wall + interval '1 minute');
    end loop;
    return v_instant;
  end if;

  loop
    v_instant := (v_wall at time zone 'UTC') - rota_core.utc_offset(v_at, timezone);
    if ((v_at + c_day) at time zone timezone) - (v_at at time zone timezone) <> c_day then
      v_change := rota_core.zone_transition(v_at, v_at + c_day, timezone);
      exit when v_instant < v_change;
    else
      exit when v_instant <= v_at + c_day;
      v_instant := rota_core.local_instant(v_wall, timezone);
      exit when (v_instant at time zone timezone) = v_wall;
      v_change := v_instant;
    end if;
    v_at := v_change;
    v_wall := rota_core.next_local_time(form, v_change at time zone timezone);
    if v_wall > v_since + interval '100 years' then
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

comment on function rota_core.next_instant(rota_core.cron_form, timestamptz, text) is
$doc$The first moment after `at` that a parsed cron expression names in a zone.

Where an hour is left out or doubled, a fixed time happens once, at the first valid minute or the
first time round; an expression that begins with a star in minute or hour follows real time.
Raises 22023 where that has no such time, as for * 2 * 3 0L in Europe/Berlin.$doc$;

revoke all on function rota_core.next_instant(rota_core.cron_form, timestamptz, text) from public;
