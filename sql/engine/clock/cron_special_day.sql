create or replace function rota_core.cron_special_day(
  field text, value text, low int, high int, names text[]
)
returns int
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_part text[];
begin
  if field = 'day of month' and value in ('l', 'lw') then
    return case value when 'l' then 32 else 33 end;
  end if;

  if field = 'day of week' then
    v_part := regexp_match(value, '^(?:([0-7])|(sun|mon|tue|wed|thu|fri|sat))(?:(l)|#([1-5]))$');
    if v_part is not null then
      return coalesce(v_part[1]::int % 7, array_position(names, v_part[2]) - 1)
        + 10 * coalesce(v_part[4]::int, 6);
    end if;
  end if;

  raise exception using
    errcode = 'invalid_parameter_value',
    message = format('cron field %s does not take "%s"', field, value),
    detail = format('Allowed in %s: %s to %s', field, low, high)
      || coalesce(', ' || nullif(array_to_string(names, ' '), ''), '')
      || case field
        when 'day of month' then ', L for the last day, LW for the last weekday'
        when 'day of week' then ', 5L for the last Friday, 1#2 for the second Monday'
        else ''
      end
      || format('; ranges from low to high, steps of 1 to %s, lists.', high),
    hint = case
      when value ~ '^\w+-(sun|0)$' then
        format('Sunday is also 7: write %s.', regexp_replace(value, '-(sun|0)$', '-7'))
      when value ~ '^\*/[0-9]+$' and field in ('minute', 'hour') and value !~ '^\*/0+$' then
        format('A step counts within its field. Write @every %s %ss.', substr(value, 3), field)
      else 'Write a number, a range 1-5, a step */15 or 10-50/5, or a list of these: 1,15,30.'
    end;
end;
$$;

comment on function rota_core.cron_special_day(text, text, int, int, text[]) is
$doc$The code of a day that depends on the month; 22023 for a value that is none.

Day of month: L is 32, LW 33. Day of week: the n-th weekday w of a month is 10 n + w, the last
60 + w. The error names the field, the value and what is allowed.$doc$;

revoke all on function rota_core.cron_special_day(text, text, int, int, text[]) from public;
