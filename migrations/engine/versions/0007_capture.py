"""What the functions that capture a table's changes are written from."""

from pgrota.migration import run_sql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table rota_core.watch add column definition jsonb not null;
comment on column rota_core.watch.definition is
  'As rota_core.capture_body() reads it: columns by number, which no renaming changes.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
