"""${message}."""

from pgrota.migration import run_sql

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    run_sql(
        """
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
