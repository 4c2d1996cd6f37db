"""Jobs of others in cron.job whose place schedules have taken."""

from pgrota.migration import run_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create table rota_core.adopted_job (
  schedule    text primary key references rota_core.schedule (schedule) on delete cascade,
  username    text not null,
  job_name    text,
  job_id      bigint,
  cron        text not null,
  command     text not null,
  active      boolean not null,
  outcome     text not null,
  reason      text,
  adopted_at  timestamptz not null,
  replaced_in xid8,
  constraint adopted_job_outcome_is_known check (outcome in ('replaced', 'absent', 'waiting')),
  constraint adopted_job_waits_for_a_reason check ((outcome = 'waiting') = (reason is not null)),
  constraint adopted_job_replaced_in_a_transaction
    check ((outcome = 'replaced') = (replaced_in is not null))
);
comment on table rota_core.adopted_job is
  'What became of the job in cron.job that a schedule was made from. One that waits has its old job
  still, as far as is known, and its schedule was paused for that.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
