-- Reorder: every file in load order. A folder to copy and to edit.
\ir request_stock.sql
\ir missing.sql
\ir definitions.sql
