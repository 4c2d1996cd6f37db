create or replace function data_report.collect_day(input jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'day', d.day,
    'signups', (
      select count(*) from public.users as u where u.created_at >= d.since and u.created_at < d.until
    ),
    'orders', o.orders,
    'revenue', o.revenue,
    'requests', r.requests,
    'errors', r.errors
  )
  from (
    select
      t.day,
      t.day::timestamp at time zone 'UTC' as since,
      (t.day + 1)::timestamp at time zone 'UTC' as until
    from (select (collect_day.input ->> 'element')::date as day) as t
  ) as d
  cross join lateral (
    select count(*) as orders, coalesce(sum(s.amount), 0) as revenue
    from public.orders as s
    where s.created_at >= d.since and s.created_at < d.until
  ) as o
  cross join lateral (
    select count(*) as requests, count(*) filter (where q.status >= 500) as errors
    from logs.api_requests as q
    where q.created_at >= d.since and q.created_at < d.until
  ) as r;
$$;

comment on function data_report.collect_day(jsonb) is
$doc$The handler of the step `collect`, for one day (UTC): who signed up, what was ordered, what was
asked of the API.$doc$;

revoke all on function data_report.collect_day(jsonb) from public;
grant execute on function data_report.collect_day(jsonb) to data_report;
