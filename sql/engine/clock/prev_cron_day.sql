create or replace function rota_core.prev_cron_day(form rota_core.cron_form, until date)
returns date
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_months constant int[] := form.months;
  v_days constant int[] := form.days;
  v_weekdays constant int[] := form.weekdays;
  v_jump constant boolean := form.both_days and v_days[cardinality(v_days)] < 32;
  v_year int := date_part('year', until);
  v_first_year constant int := v_year - 100;
  v_month int := date_part('month', until);
  v_day int := date_part('day', until);
  v_wanted int;
  v_first date;
  v_length int;
  v_weekday int;
begin
  while v_year >= v_first_year loop
    v_wanted := v_months[width_bucket(v_month, v_months)];
    if v_wanted is null then
      v_year := v_year - 1;
      v_month := 12;
      v_day := 31;
      continue;
    elsif v_wanted < v_month then
      v_month := v_wanted;
      v_day := 31;
    end if;

    v_first := make_date(v_year, v_month, 1);
    v_length := (v_first + interval '1 month')::date - v_first;
    v_day := least(v_day, v_length);
    while v_day >= 1 loop
      if v_jump then
        v_day := v_days[width_bucket(v_day, v_days)];
        exit when v_day is null;
      end if;
      v_weekday := date_part('dow', v_first + v_day - 1);
      if v_jump and v_weekday = any(v_weekdays)
        or rota_core.cron_day_matches(form, v_day, v_weekday, v_length)
      then
        return v_first + v_day - 1;
      end if;
      v_day := v_day - 1;
    end loop;
    v_month := v_month - 1;
    v_day := 31;
  end loop;
  return null;
end;
$$;

comment on function rota_core.prev_cron_day(rota_core.cron_form, date) is
$doc$The last day of a cron expression on or before `until`.$doc$;

revoke all on function rota_core.prev_cron_day(rota_core.cron_form, date) from public;
