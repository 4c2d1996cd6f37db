-- Invoice: every file in load order. A folder to copy and to edit.
\ir issue_invoice.sql
\ir missing.sql
\ir definitions.sql
