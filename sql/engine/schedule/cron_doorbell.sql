create or replace function rota_core.cron_doorbell(expression text, timezone text, at timestamptz)
returns text
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_form constant rota_core.cron_form := rota_core.parse_cron(expression);
  v_text text := lower(btrim(expression, E' \t\r\n'));
  v_field text[];
  v_minutes text;
  v_hours text;
begin
  if v_form.every is not null then
    return null;
  end if;
  if left(v_text, 1) = '@' then
    v_text := rota_core.expand_cron_word(v_text);
  end if;

  if timezone = 'UTC' then
    v_field := regexp_split_to_array(v_text, '\s+');
    -- pg_cron knows steps after a range only, and no days that depend on the month: all days
    -- on which those can fall are rung instead.
    v_field[3] := regexp_replace(v_field[3], '\m(l|lw)\M', '26-31', 'g');
    v_field[5] := regexp_replace(v_field[5], '\m([0-7]|[a-z]{3})(l|#[1-5])', '\1', 'g');
    for i in 1..5 loop
      v_field[i] := regexp_replace(
        v_field[i], '(^|,)(\w+)/', '\1\2-' || (array['59', '23', '31', '12', '7'])[i] || '/', 'g'
      );
    end loop;
    return array_to_string(v_field, ' ');
  end if;

  -- Elsewhere: every time of day that it can be in UTC, winter and summer, every day.
  with time_of_day as (
    select distinct (
      h.hour * 60 + m.minute
      - extract(epoch from rota_core.utc_offset(at + d.days * interval '24 h', timezone))::int / 60
      + 2880
    ) % 1440 as minute
    from unnest(v_form.hours) as h (hour)
    cross join unnest(v_form.minutes) as m (minute)
    cross join (values (0), (91), (182), (273)) as d (days)
  )
  select
    string_agg(distinct (t.minute % 60)::text, ','), string_agg(distinct (t.minute / 60)::text, ',')
  into v_minutes, v_hours
  from time_of_day as t;
  return format(
    '%s %s * * *',
    case cardinality(string_to_array(v_minutes, ',')) when 60 then '*' else v_minutes end,
    case cardinality(string_to_array(v_hours, ',')) when 24 then '*' else v_hours end
  );
end;
$$;

comment on function rota_core.cron_doorbell(text, text, timestamptz) is
$doc$Times in pg_cron's language, in UTC, that include those of a schedule; null for @every.

Exact in UTC but for L, LW and #. In other zones it rings at all UTC times of day that the schedule
can have in the year after `at`, every day; fire_due() knows which of these are meant.$doc$;

revoke all on function rota_core.cron_doorbell(text, text, timestamptz) from public;
