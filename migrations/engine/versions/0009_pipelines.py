"""Pipelines: definitions in versions, and what their runs remember of each step."""

from pgrota.migration import run_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table rota_core.task drop constraint task_kind_is_known;
alter table rota_core.task add constraint task_kind_is_known
  check (kind in ('call', 'chunked', 'batch', 'external', 'pipeline'));
alter table rota_core.task drop constraint task_has_a_handler_unless_external;
alter table rota_core.task add constraint task_has_a_handler_unless_done_elsewhere
  check (kind in ('external', 'pipeline') or handler is not null);

-- step and element: of which pipeline's run this is a part; version: which definition this run of a
-- pipeline goes by, from when its steps began.
alter table rota_core.run
  add column step text,
  add column element int,
  add column version int;
alter table rota_core.run drop constraint run_running_has_a_worker;
alter table rota_core.run add constraint run_running_has_a_worker_or_steps
  check ((state = 'running') = (worker_id is not null or version is not null));
create index run_of_pipeline on rota_core.run (run_id) where version is not null;
create index run_of_pipeline_to_stop on rota_core.run (run_id)
  where version is not null and stop_reason is not null;
alter table rota_core.finished_run
  add column step text,
  add column element int,
  add column version int;

create table rota_core.pipeline (
  pipeline text primary key references rota_core.task (task) on delete cascade,
  version  int not null,
  timeout  interval not null
);
comment on table rota_core.pipeline is
  'Which version of its steps each pipeline starts with. Written only by define_pipeline.';

create table rota_core.pipeline_version (
  pipeline   text not null,
  version    int not null,
  steps      jsonb not null,
  defined_at timestamptz not null,
  defined_by name not null,
  primary key (pipeline, version)
);
comment on table rota_core.pipeline_version is
  'Every definition that a run went by, as it was given. Outlives the pipeline.';

create table rota_core.pipeline_step (
  pipeline     text not null,
  version      int not null,
  step         text not null,
  ordinal      int not null,
  task         text,
  after        text[] not null,
  for_each     text[],
  when_path    jsonpath,
  on_failure   text not null,
  compensate   text,
  wait_for     text,
  timeout      interval,
  start_delay  interval not null,
  max_parallel int,
  is_plain     boolean not null,
  is_leaf      boolean not null,
  primary key (pipeline, version, step),
  foreign key (pipeline, version)
    references rota_core.pipeline_version (pipeline, version) on delete cascade,
  constraint pipeline_step_on_failure_is_known
    check (on_failure in ('fail', 'skip', 'continue', 'compensate'))
);
comment on table rota_core.pipeline_step is
  'The steps of each version. is_plain: starts as one run, without a look at its input.';
create index pipeline_step_of_task on rota_core.pipeline_step (task);

create table rota_core.pipeline_edge (
  pipeline  text not null,
  version   int not null,
  step      text not null,
  dependant text not null,
  primary key (pipeline, version, step, dependant),
  foreign key (pipeline, version, step)
    references rota_core.pipeline_step (pipeline, version, step) on delete cascade
);
comment on table rota_core.pipeline_edge is 'Who waits for each step.';

create table rota_core.pipeline_run (
  run_id        bigint primary key,
  pipeline      text not null,
  version       int not null,
  parent_run_id bigint,
  stopping      text,
  compensates   boolean not null default false,
  has_large     boolean not null default false,
  error         jsonb,
  timeout_at    timestamptz,
  began_at      timestamptz not null,
  finished_at   timestamptz,
  constraint pipeline_run_stopping_is_known check (stopping in ('failed', 'cancel', 'timeout')),
  constraint pipeline_run_end_has_no_timeout check (finished_at is null or timeout_at is null)
) with (fillfactor = 70);
comment on table rota_core.pipeline_run is
  'Runs of pipelines whose steps have begun. Its row lock orders all that happens to the steps.';
create index pipeline_run_timeout on rota_core.pipeline_run (timeout_at)
  where timeout_at is not null;
create index pipeline_run_stopping on rota_core.pipeline_run (run_id)
  where stopping is not null and finished_at is null;
create index pipeline_run_finished on rota_core.pipeline_run (finished_at)
  where finished_at is not null;
create index pipeline_run_of_version on rota_core.pipeline_run (pipeline, version);

create table rota_core.run_step (
  run_id          bigint not null,
  step            text not null,
  state           text not null,
  remaining       int not null,
  is_skipped      boolean not null default false,
  is_by_hand      boolean not null default false,
  round           int not null default 1,
  open_runs       int not null default 0,
  elements        int,
  next_element    int,
  failed_elements int not null default 0,
  is_stopped      boolean not null default false,
  is_expired      boolean not null default false,
  due_at          timestamptz,
  step_run_id     bigint,
  ready_at        timestamptz,
  started_at      timestamptz,
  finished_at     timestamptz,
  compensation    text,
  error           jsonb,
  primary key (run_id, step),
  constraint run_step_state_is_known check (state in (
    'waiting', 'blocked', 'delayed', 'started', 'succeeded', 'failed', 'skipped', 'cancelled'
  )),
  constraint run_step_compensation_is_known
    check (compensation in ('started', 'succeeded', 'failed', 'cancelled'))
) with (fillfactor = 60);
comment on table rota_core.run_step is
  'Where each step of a run stands. blocked: waits for its signal; delayed: for its time.';
create index run_step_due on rota_core.run_step (due_at) where due_at is not null;

create table rota_core.step_output (
  run_id bigint not null,
  step   text not null,
  output jsonb,
  bytes  bigint not null,
  primary key (run_id, step)
);
comment on table rota_core.step_output is
  'What each step answered, apart from the rows that change. bytes: before compression.';

create table rota_core.element_output (
  run_id  bigint not null,
  step    text not null,
  element int not null,
  output  jsonb,
  primary key (run_id, step, element)
);
comment on table rota_core.element_output is 'What elements answered, until all have.';

create table rota_core.run_signal (
  run_id       bigint not null,
  signal       text not null,
  payload      jsonb not null,
  sent_at      timestamptz not null,
  sent_by      name not null,
  is_delivered boolean not null default false,
  primary key (run_id, signal)
);
comment on table rota_core.run_signal is
  'Signals by run. One may come before its step waits for it, or before the run has begun.';
create index run_signal_undelivered on rota_core.run_signal (run_id) where not is_delivered;

create table rota_core.artifact (
  run_id     bigint not null,
  name       text not null,
  media_type text not null,
  content    bytea not null,
  created_at timestamptz not null,
  created_by name not null,
  primary key (run_id, name)
);
comment on table rota_core.artifact is
  'What runs have kept to be looked at and saved: named contents, as long as history.';
create index artifact_created on rota_core.artifact (created_at);

create type rota_core.step_ref as (run_id bigint, step text);
comment on type rota_core.step_ref is 'A step of a run.';

create type rota_core.plain_start as (
  run_id      bigint,
  step        text,
  round       int,
  pipeline    text,
  task        text,
  after       text[],
  start_delay interval
);
comment on type rota_core.plain_start is 'A step to be started as one run.';

create type rota_core.step_result as (
  parent_run_id   bigint,
  step            text,
  element         int,
  run_id          bigint,
  state           text,
  output          jsonb,
  error           jsonb,
  is_compensation boolean,
  started_at      timestamptz,
  finished_at     timestamptz
);
comment on type rota_core.step_result is 'How a run that belongs to a step ended.';

create type rota_core.step_end as (run_id bigint, step text, frees boolean, fails boolean);
comment on type rota_core.step_end is
  'A step that ended. frees: those after it may start; otherwise they are skipped. fails: the run
  fails with it.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
