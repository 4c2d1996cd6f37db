"""What rota wrote into cron.job, and how far pg_cron's history of it has been read."""

from pgrota.migration import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create table rota_core.cron_job (
  job_id     bigint not null,
  written_at timestamptz not null,
  job_name   text not null,
  timing     text not null,
  command    text not null,
  schedule   text,
  gone_at    timestamptz,
  primary key (job_id, written_at)
);
comment on table rota_core.cron_job is
  'Each version of each job that rota wrote into cron.job; schedule where that runs a command. What
  stands there and is not the newest version was done by others.';
create index cron_job_standing on rota_core.cron_job (job_name, written_at desc)
  where gone_at is null;

create table rota_core.cron_place (
  extension      oid primary key,
  seen_through   bigint not null,
  purged_through bigint not null,
  drawn_through  bigint,
  drawn_at       timestamptz
);
comment on table rota_core.cron_place is
  'One row: the runid in cron.job_run_details up to which all rows have been looked at, and purged,
  and which was the last to be drawn at a time. An extension made anew counts anew.';

create table rota_core.cron_command (
  cron_run_id bigint primary key,
  schedule    text not null,
  slot        timestamptz not null,
  seen_at     timestamptz not null
);
comment on table rota_core.cron_command is
  'Commands of schedules that pg_cron has under way. They become finished runs.';

alter type rota_core.cron_change
  add attribute found_name text,
  add attribute found text,
  add attribute standing boolean,
  add attribute drifted boolean;
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
