-- Social post: every file in load order. A folder to copy and to edit.
\ir write_post.sql
\ir missing.sql
\ir definitions.sql
