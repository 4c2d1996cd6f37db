"""Definitions as objects of their files, and what a deploy needs to be restored."""

from pgrota.migration import run_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table rota_core.deployed_object drop constraint deployed_object_kind_is_known;
alter table rota_core.deployed_object add constraint deployed_object_kind_is_known check (
  kind in (
    'function', 'procedure', 'aggregate', 'view', 'trigger', 'schema', 'role',
    'task', 'schedule', 'subscription', 'watch', 'calendar', 'lane', 'pipeline'
  )
);
alter table rota_core.deployed_object
  add column attributes jsonb not null default '{}',
  add column is_kept boolean not null default false;
comment on column rota_core.deployed_object.attributes is
  'Owner, privileges, comment and the like, so that drift can be shown.';
comment on column rota_core.deployed_object.is_kept is
  'No file makes it any longer, and it was left in place.';

alter table rota_core.deploy
  add column state jsonb not null default '{}',
  add constraint deploy_state_is_an_object check (jsonb_typeof(state) = 'object');
comment on column rota_core.deploy.state is
  'Every file of the project in load order with the hash of its source, and where its migrations '
  'stand: what restoring this deploy needs.';

alter table rota_core.deployed_file add column is_due boolean not null default false;
comment on column rota_core.deployed_file.is_due is
  'The next deploy executes it, even if its source is the same.';
-- What these files define was not looked for.
update rota_core.deployed_file as f
set is_due = true
where f.project not in ('rota', 'foundation');

-- A task that names a lane makes it, but only define_lane defines it.
alter table rota_core.lane
  add column defined_at timestamptz,
  add column defined_by name;

alter table rota_core.task add column retired_at timestamptz;
comment on column rota_core.task.retired_at is
  'From when on it is not started any more. It goes when its live runs have ended.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
