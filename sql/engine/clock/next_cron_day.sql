create or replace function rota_core.next_cron_day(form rota_core.cron_form, since date)
returns date
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_months constant int[] := form.months;
  v_days constant int[] := form.days;
  v_weekdays constant int[] := form.weekdays;
  -- Whether the next day of the month can be looked up instead of tried.
  v_jump constant boolean := form.both_days and v_days[cardinality(v_days)] < 32;
  -- Where the days stand at the end of a month, the first that can be one of them.
  v_earliest constant int := case
    when not form.both_days then 1
    when v_days[1] = 32 then 28
    when v_days[1] = 33 then 26
    when v_weekdays[1] >= 60 then 22
    else 1
  end;
  v_year int := date_part('year', since);
  v_last_year constant int := v_year + 100;
  v_month int := date_part('month', since);
  v_day int := date_part('day', since);
  v_wanted int;
  v_first date;
  v_length int;
  v_weekday int;
begin
  while v_year <= v_last_year loop
    v_wanted := v_months[width_bucket(v_month - 1, v_months) + 1];
    if v_wanted is null then
      v_year := v_year + 1;
      v_month := 1;
      v_day := 1;
      continue;
    elsif v_wanted > v_month then
      v_month := v_wanted;
      v_day := 1;
    end if;

    v_day := greatest(v_day, v_earliest);
    v_first := make_date(v_year, v_month, 1);
    v_length := (v_first + interval '1 month')::date - v_first;
    while v_day <= v_length loop
      if v_jump then
        v_day := v_days[width_bucket(v_day - 1, v_days) + 1];
        exit when (v_day <= v_length) is not true;
      end if;
      v_weekday := date_part('dow', v_first + v_day - 1);
      if v_jump and v_weekday = any(v_weekdays)
        or rota_core.cron_day_matches(form, v_day, v_weekday, v_length)
      then
        return v_first + v_day - 1;
      end if;
      v_day := v_day + 1;
    end loop;
    v_month := v_month + 1;
    v_day := 1;
  end loop;
  return null;
end;
$$;

comment on function rota_core.next_cron_day(rota_core.cron_form, date) is
$doc$The first day of a cron expression on or after `since`.$doc$;

revoke all on function rota_core.next_cron_day(rota_core.cron_form, date) from public;
