-- The content pipeline: every file in load order. A folder to copy and to edit.

-- the steps in the database; the first, fetch_content.py, is done by `rota worker`
\ir clean_item.sql
\ir process_content.sql
\ir author.sql
\ir publish_content.sql

-- the tasks, the pipeline and its schedule
\ir definitions.sql
