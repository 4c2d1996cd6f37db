create or replace function data_report.list_days(input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until date := coalesce(
    (list_days.input #>> '{run,until}')::date, (now() at time zone 'UTC')::date - 1
  );
  v_count int := coalesce((list_days.input #>> '{run,days}')::int, 7);
begin
  if v_count not between 2 and 366 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = format('days must be 2 to 366, not %s', v_count),
      hint = 'select * from rota.start(''data-report'', ''{"days": 7}'');';
  end if;
  return jsonb_build_object('until', v_until, 'days', (
    select jsonb_agg(v_until - g.back order by g.back desc)
    from generate_series(0, v_count - 1) as g (back)
  ));
end;
$$;

comment on function data_report.list_days(jsonb) is
$doc$The handler of the step `days`: the days that are reported on, the last one `until` (default:
yesterday, UTC), `days` of them (default 7).$doc$;

revoke all on function data_report.list_days(jsonb) from public;
grant execute on function data_report.list_days(jsonb) to data_report;
