-- A second worker takes over at once when the first is lost in the middle of the night.
select rota.define_lane('batch', workers => 2);

select rota.define_task(
  'night-batch',
  'night_batch.step',
  kind => 'chunked',
  lane => 'batch',
  mutex => 'night-batch',
  run_as => 'night_batch',
  -- Waits 1, 4, 16 and 64 seconds.
  max_attempts => 5,
  backoff_factor => 4,
  -- What passes: conflicts, locks, resources, shutdowns. A duplicate in the archive does not.
  retry_on => '{class:40,class:53,class:55,class:57,class:58}',
  tags => '{night}',
  owner => 'operations',
  doc => $doc${
    "goals": [
      "Yesterday's figures are there before the working day begins",
      "The tables the application reads stay small and quick",
      "Nobody has to do it by hand, or at night"
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
        "symptom": "output.notifications.left is not 0",
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
    "excluded": ["The work itself: that is the task night-batch"],
    "success_measures": [{"name": "run success rate", "at_least": 0.999}]
  }$doc$
);

select rota.define_schedule('night-batch', '0 3 * * *', task => 'night-batch-start');
