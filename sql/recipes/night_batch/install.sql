-- The night batch: every file in load order. A folder to copy and to edit.

-- the chunks, one file for each step
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
\ir report_health.sql
\ir log_step.sql
\ir step.sql

-- how it is started
\ir run_night_batch_processing.sql
\ir start_yesterday.sql

-- the tasks and their schedule
\ir definitions.sql
