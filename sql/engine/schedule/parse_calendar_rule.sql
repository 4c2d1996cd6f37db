create or replace function rota_core.parse_calendar_rule(place text, rule jsonb)
returns rota_core.calendar_form
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_allowed constant text := 'Conditions are weekdays, dates and hours, each a list such as'
    || ' {"weekdays": ["sat", "sun"]}; timezone says where.';
  v_problem text;
  v_form rota_core.calendar_form;
begin
  if jsonb_typeof(rule) <> 'object' then
    v_problem := format('a rule is a JSON object, not %s', rule);
  elsif not rule ?| '{weekdays,dates,hours}' then
    v_problem := format('%s has no condition and would exclude everything', rule);
  else
    select case
      when r.key not in ('weekdays', 'dates', 'hours')
        then format('%s is not a condition', to_jsonb(r.key))
      else format('%s is a list with something in it, not %s', r.key, r.value)
    end
    into v_problem
    from jsonb_each(rule) as r
    where r.key not in ('weekdays', 'dates', 'hours', 'timezone')
      or r.key <> 'timezone' and (jsonb_typeof(r.value) <> 'array' or r.value = '[]')
    order by r.key
    limit 1;
  end if;
  if v_problem is not null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('%s: %s', place, v_problem),
      hint = c_allowed;
  end if;

  v_form.timezone := 'UTC';
  if rule ? 'timezone' then
    v_form.timezone := rule ->> 'timezone';
    begin
      perform rota_core.check_timezone(v_form.timezone);
    exception
      when invalid_parameter_value then
        perform rota_core.refuse_rule(
          place, 'timezone', rule -> 'timezone',
          'Use a name from: select name from pg_timezone_names order by 1; such as Europe/Berlin.'
        );
    end;
  end if;
  if rule ? 'weekdays' then
    v_form.weekdays := rota_core.parse_calendar_weekdays(place, rule -> 'weekdays');
  end if;
  if rule ? 'dates' then
    select d.dates, d.yearly
    into v_form.dates, v_form.yearly
    from rota_core.parse_calendar_dates(place, rule -> 'dates') as d;
  end if;
  if rule ? 'hours' then
    v_form.hours := rota_core.parse_calendar_hours(place, rule -> 'hours');
  end if;
  return v_form;
end;
$$;

comment on function rota_core.parse_calendar_rule(text, jsonb) is
$doc$Reads a rule of a calendar, all of whose conditions hold at what it excludes. Refuses, with
22023, what is none; place says which rule of which calendar it is.$doc$;

revoke all on function rota_core.parse_calendar_rule(text, jsonb) from public;
