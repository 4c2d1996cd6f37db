"""${message}."""

from pgrota.migration import run_sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    run_sql(
        """
-- Migrations come before the files of sql/.
create schema if not exists template_schema;

-- create table template_schema.example (
--   id bigint generated always as identity primary key
-- );
"""
    )


def downgrade() -> None:
    run_sql(
        """
-- drop table template_schema.example;
"""
    )
