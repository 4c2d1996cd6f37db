-- Welcome: every file in load order. A folder to copy and to edit.
\ir write_message.sql
\ir missing.sql
\ir definitions.sql
