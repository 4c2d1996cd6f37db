create or replace function data_report.transform_days(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows bigint;
begin
  insert into data_report.days as d (
    day, signups, orders, revenue, requests, errors, computed_at
  )
  select c.day, c.signups, c.orders, c.revenue, c.requests, c.errors, now()
  from jsonb_to_recordset(transform_days.input -> 'collect') as c (
    day date, signups bigint, orders bigint, revenue numeric, requests bigint, errors bigint
  )
  on conflict (day) do update set
    (signups, orders, revenue, requests, errors, computed_at) =
    (excluded.signups, excluded.orders, excluded.revenue, excluded.requests, excluded.errors,
      excluded.computed_at);
  get diagnostics v_rows = row_count;
  return jsonb_build_object('rows', v_rows);
end;
$$;

comment on function data_report.transform_days(jsonb) is
$doc$The handler of the step `transform`: what was collected, as rows of data_report.days.$doc$;

revoke all on function data_report.transform_days(jsonb) from public;
grant execute on function data_report.transform_days(jsonb) to data_report;
