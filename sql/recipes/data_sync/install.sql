-- The data sync: every file in load order. A folder to copy and to edit.

-- what the handler, sync_products.py, does in the database
\ir store_products.sql

-- the task and its schedule
\ir definitions.sql
