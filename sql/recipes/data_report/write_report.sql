create or replace function data_report.write_report(input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_until date := (write_report.input #>> '{days,until}')::date;
  v_report text;
begin
  select format(
    E'# Figures of %s\n\n| figure | last day | mean before | change |\n|---|---|---|---|\n%s\n',
    v_until, string_agg(
      format('| %s | %s | %s | %s |', f.key, f.value ->> 'last', f.value ->> 'mean',
        coalesce(f.value ->> 'changePercent' || ' %', '-')),
      E'\n' order by f.key
    ))
  into v_report
  from jsonb_each(write_report.input -> 'analyse') as f;

  insert into data_report.reports as r (run_day, report, created_at)
  values (v_until, v_report, now())
  on conflict (run_day) do update set report = excluded.report, created_at = excluded.created_at;
  perform rota.save_artifact(
    'report.md', data => convert_to(v_report, 'UTF8'), media_type => 'text/markdown'
  );
  return jsonb_build_object('day', v_until, 'figures', write_report.input -> 'analyse');
end;
$$;

comment on function data_report.write_report(jsonb) is
$doc$The handler of the step `report`: a table in Markdown, into data_report.reports and as the
artifact report.md.$doc$;

revoke all on function data_report.write_report(jsonb) from public;
grant execute on function data_report.write_report(jsonb) to data_report;
