"""What was deployed: each deploy, each file, each object as Postgres stores it."""

from pgrota.migration import run_sql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create table rota_core.deploy (
  deploy_id    bigint generated always as identity primary key,
  project      text not null,
  deployed_at  timestamptz not null,
  deployed_by  name not null,
  tool_version text not null,
  git_commit   text,
  changes      jsonb not null,
  system       jsonb not null,
  constraint deploy_changes_are_a_list check (jsonb_typeof(changes) = 'array')
);
comment on table rota_core.deploy is
  'Each deploy that changed something: by whom, with which tool, what.';

create table rota_core.deployed_source (
  source_hash text primary key,
  source      text not null
);
comment on table rota_core.deployed_source is
  'The text of every file ever deployed, so that an earlier deploy can be restored.';

create table rota_core.deployed_file (
  project     text not null,
  file        text not null,
  source_hash text not null references rota_core.deployed_source (source_hash),
  deploy_id   bigint not null references rota_core.deploy (deploy_id),
  primary key (project, file)
);
comment on table rota_core.deployed_file is
  'The files as deployed now. Older versions are named in the changes of their deploys.';

create table rota_core.deployed_object (
  project     text not null,
  kind        text not null,
  identity    text not null,
  file        text not null,
  fingerprint text not null,
  definition  text not null,
  deploy_id   bigint not null references rota_core.deploy (deploy_id),
  primary key (kind, identity),
  foreign key (project, file) references rota_core.deployed_file (project, file) on delete cascade,
  constraint deployed_object_kind_is_known
    check (kind in ('function', 'procedure', 'aggregate', 'view', 'trigger', 'schema', 'role'))
);
comment on table rota_core.deployed_object is
  'What a file made, as Postgres stores it. Another fingerprint in the catalog is drift.';
create index deployed_object_of_file on rota_core.deployed_object (project, file);

create table rota_core.recipe_version (
  version_num varchar(32) primary key
);
comment on table rota_core.recipe_version is
  'Where alembic stands with the tables of the sample application.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
