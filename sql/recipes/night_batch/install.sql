-- The night batch: every file in load order. A folder to copy and to edit.

-- the steps, and what they are made of
\ir pace.sql
\ir begin_run.sql
\ir compute_statistics.sql
\ir delete_sessions.sql
\ir begin_archiving.sql
\ir confirm_moved.sql
\ir note_moved.sql
\ir move_pages.sql
\ir archive_pages.sql
\ir move_window.sql
\ir end_sweep.sql
\ir sweep_notifications.sql
\ir archive_notifications.sql
\ir report_health.sql

-- how it is started
\ir run_night_batch_processing.sql
\ir start_yesterday.sql

-- the tasks, the pipeline and its schedule
\ir definitions.sql
