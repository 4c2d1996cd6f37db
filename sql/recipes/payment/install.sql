-- Payment: every file in load order. A folder to copy and to edit.

-- what the handler, process_payment.py, does in the database
\ir look_up.sql
\ir record_result.sql

-- how it is started
\ir process_payment.sql

-- the task
\ir definitions.sql
