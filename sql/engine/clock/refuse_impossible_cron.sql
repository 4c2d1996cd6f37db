create or replace function rota_core.refuse_impossible_cron(
  expression text, form rota_core.cron_form
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In 28 years from 2000 on, every date meets every weekday.
  if not exists (
    select
    from generate_series(2000, 2027) as y (year)
    cross join unnest(form.months) as m (month)
    cross join lateral (
      select
        make_date(y.year, m.month, 1) as first_day,
        (make_date(y.year, m.month, 1) + interval '1 month')::date
        - make_date(y.year, m.month, 1) as month_length
    ) as l
    cross join generate_series(1, l.month_length) as d (day)
    where rota_core.cron_day_matches(
      form, d.day, extract(dow from l.first_day + d.day - 1)::int, l.month_length
    )
  ) then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('cron expression "%s" can never match', expression),
      detail = 'No month it names has such a day.',
      hint = 'Write L for the last day of a month: 0 0 L 2 *.';
  end if;
end;
$$;

comment on function rota_core.refuse_impossible_cron(text, rota_core.cron_form) is
$doc$Raise 22023 for an expression whose days never come, such as 0 0 30 2 *.$doc$;

revoke all on function rota_core.refuse_impossible_cron(text, rota_core.cron_form) from public;
