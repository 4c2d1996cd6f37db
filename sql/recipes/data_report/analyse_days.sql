create or replace function data_report.analyse_days(input jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_object_agg(f.figure, jsonb_build_object(
    'last', f.last_value, 'mean', f.mean,
    -- Without anything to compare with there is no change in percent.
    'changePercent', round(100 * (f.last_value - f.mean) / nullif(f.mean, 0), 1)
  ))
  from (
    select
      v.figure,
      max(v.value) filter (where d.day = u.until) as last_value,
      round(avg(v.value) filter (where d.day < u.until), 2) as mean
    from (select (analyse_days.input #>> '{days,until}')::date as until) as u
    join data_report.days as d
      on analyse_days.input #> '{days,days}' ? d.day::text
    cross join lateral (
      values
      ('signups', d.signups::numeric), ('orders', d.orders), ('revenue', d.revenue),
      ('requests', d.requests), ('errors', d.errors)
    ) as v (figure, value)
    group by v.figure
  ) as f;
$$;

comment on function data_report.analyse_days(jsonb) is
$doc$The handler of the step `analyse`: of each figure the last day, the mean of the days before it,
and the change in percent.$doc$;

revoke all on function data_report.analyse_days(jsonb) from public;
grant execute on function data_report.analyse_days(jsonb) to data_report;
