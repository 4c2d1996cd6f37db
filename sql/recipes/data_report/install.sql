-- The data report: every file in load order. A folder to copy and to edit.

-- the steps
\ir list_days.sql
\ir collect_day.sql
\ir transform_days.sql
\ir analyse_days.sql
\ir write_report.sql

-- the tasks, the pipeline and its schedule
\ir definitions.sql
