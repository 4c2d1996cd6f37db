-- Row events: every file in load order. A folder to copy and to edit.

-- one handler for each type
\ir add_usage.sql
\ir process_new_record.sql
\ir process_updated_record.sql
\ir process_deleted_record.sql

-- which one it is
\ir handle_event.sql

-- the task and what it listens to
\ir difference.sql
\ir definitions.sql
