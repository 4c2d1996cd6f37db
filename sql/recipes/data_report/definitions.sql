select rota.define_task(
  t.name,
  t.handler,
  run_as => 'data_report',
  tags => '{reports}',
  owner => 'analysts',
  doc => jsonb_build_object(
    'goals', jsonb_build_array('A step of the pipeline data-report'),
    'scope', jsonb_build_array(t.scope),
    'excluded', jsonb_build_array('What the other steps do'),
    'success_measures', '[{"name": "run success rate", "at_least": 0.999}]'::jsonb
  )
)
from (
  values
  ('list-days', 'data_report.list_days', 'The days to report on'),
  ('collect-day', 'data_report.collect_day', 'The figures of one day'),
  ('transform-days', 'data_report.transform_days', 'The figures become rows'),
  ('analyse-days', 'data_report.analyse_days', 'The last day against those before'),
  ('write-report', 'data_report.write_report', 'The report is written')
) as t (name, handler, scope);

select rota.define_pipeline(
  'data-report',
  array[
    rota.step('days', 'list-days'),
    rota.step(
      'collect', 'collect-day', after => '{days}', for_each => 'days.days', max_parallel => 4
    ),
    rota.step('transform', 'transform-days', after => '{collect}'),
    rota.step('analyse', 'analyse-days', after => '{days,transform}'),
    rota.step('report', 'write-report', after => '{days,analyse}')
  ],
  timeout => '1 hour',
  tags => '{reports}',
  owner => 'analysts',
  doc => $doc${
    "goals": ["What has changed since last week is known in the morning"],
    "scope": ["Sign-ups, orders, revenue, requests and errors of the last days (UTC)"],
    "excluded": ["Sending the report", "Figures of a day that is not over"],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "days without a report, of the last 30",
        "query": "select 30 - count(*) from data_report.reports where run_day >= current_date - 30",
        "at_most": 0
      }
    ],
    "input": {"until": "the last day, default yesterday (UTC)", "days": "how many, default 7"}
  }$doc$
);

select rota.define_schedule('data-report', '30 4 * * *');
