"""Tasks, runs, attempts and the workers that execute them."""

from pgrota.migration import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create table rota_core.setting (
  name  text primary key,
  value text not null
);
comment on table rota_core.setting is 'Settings that differ from their default.';

create table rota_core.lane (
  lane       text primary key,
  workers    int not null,
  created_at timestamptz not null,
  constraint lane_has_a_sane_number_of_workers check (workers between 0 and 64)
);
comment on table rota_core.lane is
  'Named groups of workers. Created by the first task that names one.';
insert into rota_core.lane (lane, workers, created_at) values ('default', 2, clock_timestamp());

create table rota_core.task (
  task           text primary key,
  handler        text,
  kind           text not null,
  takes          text not null,
  returns_void   boolean not null default false,
  statement      text,
  timeout        interval not null,
  max_attempts   int not null,
  initial_delay  interval not null,
  backoff_factor numeric not null,
  max_delay      interval not null,
  jitter         numeric not null,
  retry_on       text[] not null,
  lane           text not null references rota_core.lane (lane),
  priority       int not null,
  concurrency    int,
  mutex          text,
  rate_limit     text,
  run_as         text,
  callers        name[],
  alert          text,
  tags           text[] not null,
  owner          text,
  doc            jsonb not null,
  redact         text[] not null default '{}',
  defined_at     timestamptz not null,
  defined_by     name not null,
  constraint task_kind_is_known check (kind in ('call', 'chunked', 'batch', 'external')),
  constraint task_takes_is_known check (takes in ('nothing', 'input', 'input_state', 'events')),
  constraint task_has_a_handler_unless_external check (kind = 'external' or handler is not null),
  constraint task_has_attempts check (max_attempts >= 1),
  constraint task_concurrency_is_positive check (concurrency >= 1),
  constraint task_doc_is_an_object check (jsonb_typeof(doc) = 'object')
);
comment on table rota_core.task is
  'The definition of each task. Written only by define_task and drop_task.';

create table rota_core.rate (
  task    text primary key references rota_core.task (task) on delete cascade,
  tokens  numeric not null,
  at      timestamptz not null
);
comment on table rota_core.rate is
  'Token buckets of tasks with a rate limit. Written under the advisory lock of the task.';

create table rota_core.pause (
  kind      text not null,
  name      text not null,
  until     timestamptz,
  reason    text,
  paused_at timestamptz not null,
  paused_by name not null,
  primary key (kind, name)
);
comment on table rota_core.pause is 'What stands still, and until when. Survives a redefinition.';

create table rota_core.worker (
  worker_id     int generated always as identity primary key,
  kind          text not null,
  lane          text,
  pid           int not null,
  backend_start timestamptz,
  role          name not null,
  started_at    timestamptz not null,
  seen_at       timestamptz not null,
  ended_at      timestamptz,
  outcome       text,
  constraint worker_kind_is_known check (kind in ('worker', 'external', 'supervisor')),
  constraint worker_outcome_is_known check (outcome in ('ended', 'lost')),
  constraint worker_end_has_an_outcome check ((ended_at is null) = (outcome is null))
) with (fillfactor = 50);
comment on table rota_core.worker is
  'One row for each work() or supervise() call and external worker.';
create index worker_live on rota_core.worker (pid) where ended_at is null;

create table rota_core.run (
  run_id            bigint generated always as identity primary key,
  task              text not null,
  lane              text not null,
  state             text not null default 'queued',
  priority          int not null default 0,
  run_at            timestamptz not null,
  input             jsonb not null default '{}',
  attempt           int not null default 0,
  charged           int not null default 0,
  limited           boolean not null default false,
  suspect           boolean not null default false,
  alone             boolean not null default false,
  worker_id         int,
  counted_as        text,
  claimed_at        timestamptz,
  started_at        timestamptz,
  created_at        timestamptz not null,
  created_by        name not null,
  key               text,
  tags              text[] not null default '{}',
  origin            text,
  parent_run_id     bigint,
  checkpoint        jsonb,
  progress          jsonb,
  rows_done         bigint,
  stop_reason       text,
  stop_requested_at timestamptz,
  stop_signalled_at timestamptz,
  stop_signals      int not null default 0,
  error             jsonb,
  constraint run_state_is_live check (state in ('queued', 'running')),
  constraint run_running_has_a_worker check ((state = 'running') = (worker_id is not null)),
  constraint run_stop_reason_is_known check (stop_reason in ('cancel', 'timeout'))
) with (fillfactor = 50);
comment on table rota_core.run is
  'The runs that are not finished. Kept small: a run that ends moves to finished_run.';
-- No index knows the state, nor anything else that a claim changes: so a claim of general runs is a
-- heap-only update, and the page has room for it.
create index run_due on rota_core.run (lane, priority desc, run_at, run_id) where not limited;
create index run_due_limited on rota_core.run (lane, task, priority desc, run_at, run_id)
  where limited;
create index run_limited_at on rota_core.run (lane, run_at) where limited;
create index run_counted on rota_core.run (counted_as) where counted_as is not null;
create index run_of_parent on rota_core.run (parent_run_id) where parent_run_id is not null;

create table rota_core.finished_run (
  run_id        bigint not null,
  task          text not null,
  lane          text not null,
  state         text not null,
  priority      int not null,
  run_at        timestamptz not null,
  input         jsonb not null,
  output        jsonb,
  attempt       int not null,
  charged       int not null,
  worker_id     int,
  started_at    timestamptz,
  finished_at   timestamptz not null,
  created_at    timestamptz not null,
  created_by    name not null,
  key           text,
  tags          text[] not null,
  origin        text,
  parent_run_id bigint,
  checkpoint    jsonb,
  progress      jsonb,
  rows_done     bigint,
  error         jsonb,
  redacted      boolean not null default false,
  constraint finished_run_state_is_final
    check (state in ('succeeded', 'failed', 'cancelled', 'skipped'))
) partition by range (finished_at);
comment on table rota_core.finished_run is 'History: one row for each run that ended.';
create index finished_run_id on rota_core.finished_run (run_id);
create index finished_run_of_task on rota_core.finished_run (task, finished_at);
create index finished_run_of_parent on rota_core.finished_run (parent_run_id)
  where parent_run_id is not null;
create index finished_run_unsuccessful on rota_core.finished_run (finished_at)
  where state <> 'succeeded';
create table rota_core.finished_run_default partition of rota_core.finished_run default;

create type rota_core.claim_item as (
  run_id       bigint,
  task         text,
  attempt      int,
  kind         text,
  statement    text,
  returns_void boolean,
  input        jsonb,
  checkpoint   jsonb
);
comment on type rota_core.claim_item is 'A claimed run, as a worker needs it.';

create type rota_core.outcome as (
  run_id      bigint,
  task        text,
  attempt     int,
  output      jsonb,
  error       jsonb,
  started_at  timestamptz,
  finished_at timestamptz
);
comment on type rota_core.outcome is 'How an attempt ended; error is null after a success.';

create type rota_core.worker_state as (
  worker_id  int,
  lane       text,
  priorities int[],
  floor_at   timestamptz[],
  floor_id   bigint[],
  full_at    timestamptz,
  full_cost  interval,
  limited_at timestamptz,
  seen_at    timestamptz,
  busy_at    timestamptz,
  until      timestamptz,
  role       text,
  costs      jsonb
);
comment on type rota_core.worker_state is
  'What work() remembers between claims: floors by priority, and what tasks cost in seconds.';

create table rota_core.attempt (
  run_id      bigint not null,
  task        text not null,
  attempt     int not null,
  outcome     text not null,
  charged     boolean not null,
  worker_id   int,
  started_at  timestamptz,
  finished_at timestamptz not null,
  error       jsonb,
  constraint attempt_outcome_is_known
    check (outcome in ('failed', 'timeout', 'cancelled', 'lost', 'interrupted'))
) partition by range (finished_at);
comment on table rota_core.attempt is
  'The attempts that did not succeed. A successful one stands in finished_run alone.';
create index attempt_of_run on rota_core.attempt (run_id, attempt);
create table rota_core.attempt_default partition of rota_core.attempt default;

create table rota_core.run_key (
  task       text not null,
  key        text not null,
  run_id     bigint not null,
  expires_at timestamptz not null,
  primary key (task, key)
);
comment on table rota_core.run_key is 'Idempotency keys. Outlive their runs, up to a time to live.';
create index run_key_expires on rota_core.run_key (expires_at);

create table rota_core.log (
  log_id    bigint generated always as identity,
  at        timestamptz not null,
  level     text not null,
  message   text not null,
  context   jsonb not null,
  component text,
  run_id    bigint,
  task      text,
  attempt   int,
  constraint log_level_is_known check (level in ('debug', 'info', 'warn', 'error'))
) partition by range (at);
comment on table rota_core.log is 'Lines written by rota.log, and by rota about its own work.';
create index log_of_run on rota_core.log (run_id, log_id) where run_id is not null;
create index log_id on rota_core.log (log_id);
create table rota_core.log_default partition of rota_core.log default;

create table rota_core.log_mark ();
comment on table rota_core.log_mark is
  'Empty for ever. rota.log scans it once for each line: no rollback undoes the count of scans.';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
