create or replace function rota_core.cron_day_matches(
  form rota_core.cron_form, day int, weekday int, month_length int
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_day boolean := day = any(form.days)
    or day = month_length and 32 = any(form.days)
    or 33 = any(form.days) and day = month_length - case (weekday + month_length - day) % 7
      when 0 then 2 when 6 then 1 else 0 end;
  v_weekday boolean := weekday = any(form.weekdays)
    or 10 * ((day + 6) / 7) + weekday = any(form.weekdays)
    or day + 7 > month_length and 60 + weekday = any(form.weekdays);
begin
  return case when form.both_days then v_day and v_weekday else v_day or v_weekday end;
end;
$$;

comment on function rota_core.cron_day_matches(rota_core.cron_form, int, int, int) is
$doc$Whether a day of a month of this length is one of the expression's; weekday 0 is Sunday.$doc$;

revoke all on function rota_core.cron_day_matches(rota_core.cron_form, int, int, int) from public;
