create or replace function night_batch.report_health(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begin jsonb := report_health.input -> 'begin';
  v_at timestamptz := (v_begin ->> 'at')::timestamptz;
  v_date date := (v_at at time zone 'UTC')::date;
  v_report reports.system_health;
  v_computed boolean;
begin
  select h.*
  into v_report
  from reports.system_health as h
  where h.date = v_date;

  v_computed := not found or (v_begin ->> 'recompute')::boolean;
  if v_computed then
    insert into reports.system_health as h (date, user_count, content_count, avg_response_time)
    select
      v_date,
      (select count(*) from public.users),
      (select count(*) from public.contents),
      (
        select avg(r.response_time)
        from logs.api_requests as r
        where r.created_at >= v_at - interval '24 hours'
          and r.created_at < v_at
      )
    on conflict (date) do update set
      user_count = excluded.user_count,
      content_count = excluded.content_count,
      avg_response_time = excluded.avg_response_time
    returning h.* into v_report;
  end if;

  perform rota.log('info', 'health report', to_jsonb(v_report));
  return jsonb_build_object(
    'day', v_begin -> 'day',
    'statistics', report_health.input -> 'statistics',
    'sessions', (report_health.input -> 'sessions') - 'rows',
    'notifications', (report_health.input -> 'archiving') - 'rows',
    'health', to_jsonb(v_report) || jsonb_build_object('computed', v_computed)
  );
end;
$$;

comment on function night_batch.report_health(jsonb) is
$doc$The handler of the last step: how the system is, dated with the day of the run (UTC), and
beside it what the steps before it have done.

The average response time is that of the 24 hours before the run began, null without requests.
The first report of a date stands unless asked to recompute.$doc$;

revoke all on function night_batch.report_health(jsonb) from public;
grant execute on function night_batch.report_health(jsonb) to night_batch;
