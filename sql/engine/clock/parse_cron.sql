create or replace function rota_core.parse_cron(expression text)
returns rota_core.cron_form
language plpgsql
immutable
strict
set search_path = pg_catalog, pg_temp
as $$
declare
  c_months constant text[] :=
    '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}'::text[];
  c_weekdays constant text[] := '{sun,mon,tue,wed,thu,fri,sat}'::text[];
  v_text text := lower(btrim(expression, E' \t\n\r'));
  v_field text[];
  v_form rota_core.cron_form;
begin
  if length(v_text) > 1000 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('a cron expression of %s characters is too long', length(v_text)),
      detail = format('At most 1000 are read. It begins: %s', left(v_text, 40)),
      hint = 'Write ranges and steps such as 0-30/5 instead of lists, or define several schedules.';
  end if;

  if left(v_text, 1) = '@' then
    if v_text ~ '^@every\s' then
      v_form.every := rota_core.parse_every(substr(v_text, 8));
      return v_form;
    end if;
    v_text := rota_core.expand_cron_word(v_text);
  end if;

  v_field := regexp_split_to_array(v_text, '\s+');
  if cardinality(v_field) <> 5 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('cron expression "%s" has %s fields, not 5', expression,
        case v_text when '' then 0 else cardinality(v_field) end),
      detail = 'The fields are minute, hour, day of month, month and day of week.',
      hint = 'Write for example 30 3 * * 1-5, or @daily, or @every 10 seconds.';
  end if;

  v_form.minutes := case v_field[1]
    when '*' then
      '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,
        32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59}'::int[]
    else rota_core.parse_cron_field('minute', v_field[1], 0, 59)
  end;
  v_form.hours := case v_field[2]
    when '*' then '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23}'::int[]
    else rota_core.parse_cron_field('hour', v_field[2], 0, 23)
  end;
  v_form.days := case v_field[3]
    when '*' then
      '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31}'::int[]
    else rota_core.parse_cron_field('day of month', v_field[3], 1, 31)
  end;
  v_form.months := case v_field[4]
    when '*' then '{1,2,3,4,5,6,7,8,9,10,11,12}'::int[]
    else rota_core.parse_cron_field('month', v_field[4], 1, 12, c_months)
  end;
  v_form.weekdays := case v_field[5]
    when '*' then '{0,1,2,3,4,5,6}'::int[]
    else array_replace(
      rota_core.parse_cron_field('day of week', v_field[5], 0, 7, c_weekdays), 7, 0
    )
  end;
  -- As in Debian's cron: a day field that begins with a star restricts the other, two that do not
  -- are alternatives; and only expressions whose minute and hour are fixed are moved by
  -- daylight saving, the others follow real time.
  v_form.both_days := left(v_field[3], 1) = '*' or left(v_field[5], 1) = '*';
  v_form.fixed_time := left(v_field[1], 1) <> '*' and left(v_field[2], 1) <> '*';

  -- Any day up to the 28th falls on any weekday in some year; only the rest needs a look.
  if v_form.both_days
    and not (v_form.days[1] <= 28 and v_form.weekdays && '{0,1,2,3,4,5,6}')
  then
    perform rota_core.refuse_impossible_cron(expression, v_form);
  end if;
  return v_form;
end;
$$;

comment on function rota_core.parse_cron(text) is
$doc$A cron expression, checked and ready to search with; `every` alone is set for @every.

Raises 22023 for what is not a cron expression or can never match, naming the field and its
range.$doc$;

revoke all on function rota_core.parse_cron(text) from public;
