-- A second worker takes over at once when the first is lost in the middle of the night.
select rota.define_lane('batch', workers => 2);

-- Where it was one task, the pipeline takes its name over.
select rota.drop_task(t.name)
from rota.tasks as t
where t.name = 'night-batch' and t.kind <> 'pipeline';

select rota.define_task(
  t.name,
  t.handler,
  kind => t.kind,
  lane => 'batch',
  priority => t.priority,
  mutex => t.mutex,
  run_as => 'night_batch',
  -- Waits 1, 4, 16 and 64 seconds.
  max_attempts => 5,
  backoff_factor => 4,
  -- What passes: conflicts, locks, resources, shutdowns. A duplicate in the archive does not.
  retry_on => '{class:40,class:53,class:55,class:57,class:58}',
  tags => '{night}',
  owner => 'operations',
  doc => jsonb_build_object(
    'goals', jsonb_build_array('A part of the night batch: see the pipeline'),
    'scope', jsonb_build_array(t.scope),
    'excluded', jsonb_build_array('What the other parts do'),
    'success_measures', '[{"name": "run success rate", "at_least": 0.999}]'::jsonb
  )
)
from (
  values
  ('night-batch-begin', 'night_batch.begin_run', 'call', 0, null, 'Day, moment and cutoff'),
  ('night-batch-statistics', 'night_batch.compute_statistics', 'call', 0, null, 'Users of the day'),
  ('night-batch-sessions', 'night_batch.delete_sessions', 'chunked', 0, null, 'Expired sessions'),
  -- The longest of the three comes first, so that the others run beside it.
  (
    'night-batch-archiving', 'night_batch.archive_notifications', 'chunked', 1,
    'night-batch-archiving', 'Old notifications'
  ),
  ('night-batch-report', 'night_batch.report_health', 'call', 0, null, 'The health report')
) as t (name, handler, kind, priority, mutex, scope);

select rota.define_pipeline(
  'night-batch',
  array[
    rota.step('begin', 'night-batch-begin'),
    rota.step('statistics', 'night-batch-statistics', after => '{begin}'),
    rota.step('sessions', 'night-batch-sessions', after => '{begin}'),
    rota.step('archiving', 'night-batch-archiving', after => '{begin}'),
    rota.step('report', 'night-batch-report', after => '{begin,statistics,sessions,archiving}')
  ],
  timeout => '6 hours',
  tags => '{night}',
  owner => 'operations',
  doc => $doc${
    "goals": [
      "Yesterday's figures are there before the working day begins",
      "The tables the application reads stay small and quick",
      "Nobody does it by hand"
    ],
    "scope": [
      "User statistics of yesterday (UTC) into analytics.user_stats",
      "Expired sessions are deleted",
      "Notifications older than 30 days move to archive.notifications",
      "A health report with the day of the run into reports.system_health"
    ],
    "excluded": [
      "Deleting archived notifications",
      "Figures of a day that is not over",
      "Other tables that grow: they get a retention of their own"
    ],
    "success_measures": [
      {"name": "run success rate", "at_least": 0.999},
      {
        "name": "days of the last 30 without statistics",
        "query": "select 30 - count(*) from analytics.user_stats where date >= current_date - 30",
        "at_most": 0
      },
      {
        "name": "notifications a day overdue",
        "query": "select count(*) from public.notifications where age(created_at) > '31 days'",
        "at_most": 0
      }
    ],
    "input": {
      "day": "the day of the statistics, default yesterday (UTC)",
      "recompute": "true: replace figures that stand already",
      "keep": "how long notifications stay, default 30 days",
      "sessions_table": "default auth.sessions",
      "sessions_time_column": "default expires_at; not_after on Supabase"
    },
    "troubleshooting": [
      {
        "symptom": "duplicate key value violates unique constraint \"notifications_pkey\"",
        "cause": "A due notification is in the archive already, from a restore or an older job",
        "remedy": "Compare both rows by the id in the detail, remove one, retry the run"
      },
      {
        "symptom": "output.report.notifications.left is not 0",
        "cause": "Somebody held those rows locked; the next night takes them",
        "remedy": "If it stays so: select * from pg_stat_activity order by xact_start limit 5"
      },
      {
        "symptom": "permission denied for table sessions",
        "cause": "The sessions belong to another role, as on Supabase",
        "remedy": "Let their owner grant what migrations/recipes/versions/0002_night_batch.py names"
      }
    ]
  }$doc$
);

select rota.define_task(
  'night-batch-start',
  'night_batch.start_yesterday',
  run_as => 'night_batch',
  tags => '{night}',
  owner => 'operations',
  doc => $doc${
    "goals": ["The schedule and the applications start one and the same run for a day"],
    "scope": ["Calls public.run_night_batch_processing() for yesterday (UTC)"],
    "excluded": ["The work itself: that is the pipeline night-batch"],
    "success_measures": [{"name": "run success rate", "at_least": 0.999}]
  }$doc$
);

select rota.define_schedule('night-batch', '0 3 * * *', task => 'night-batch-start');
