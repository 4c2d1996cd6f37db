"""What subscriptions have missed because the log could not wait for them."""

from pgrota.migration import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create table rota_core.missed_span (
  subscription text not null references rota_core.subscription (subscription) on delete cascade,
  shard        int not null,
  first_id     bigint not null,
  last_id      bigint not null,
  events       bigint not null,
  dropped_at   timestamptz not null,
  noted_at     timestamptz,
  primary key (subscription, shard, first_id)
);
comment on table rota_core.missed_span is
  'Events that left the log unread, while their subscription had let go of it. Noted when it was
  told so: on resume.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
