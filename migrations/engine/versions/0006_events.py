"""The event log, what is captured into it, and who reads it up to where."""

from pgrota.migration import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create sequence rota_core.event_id increment by 1024 minvalue 1024 start with 1024 cache 1;
comment on sequence rota_core.event_id is
  'Each row of the log has 1,024 numbers: its events count on from the first.';

create table rota_core.event (
  event_id   bigint not null default nextval('rota_core.event_id'),
  at         timestamptz not null default clock_timestamp(),
  xid        xid8 not null default pg_current_xact_id(),
  watch_id   int,
  topic      text not null,
  type       text not null,
  events     int not null default 1,
  key        text,
  record     json,
  old_record json,
  constraint event_numbers_suffice check (events between 1 and 1024)
) partition by range (at);
comment on table rota_core.event is
  'The event log: insert-only. A row holds up to 1,024 events of one statement, numbered from
  event_id on: record and old_record are arrays of as many elements. Without a watch it is one
  emitted event, whose payload is the only element of record.';
create index event_of_id on rota_core.event (event_id);
create index event_of_topic on rota_core.event (topic, event_id);
create index event_of_xid on rota_core.event (xid, event_id);
create table rota_core.event_default partition of rota_core.event default
  with (toast_tuple_target = 8160);

create table rota_core.watch (
  watch_id    int generated always as identity primary key,
  relation    oid not null,
  schema_name name not null,
  table_name  name not null,
  topic       text not null,
  operations  text[] not null,
  columns     text[],
  condition   text,
  exclude     text[],
  key         text[],
  level       text not null,
  defined_at  timestamptz not null,
  defined_by  name not null,
  ended_at    timestamptz,
  constraint watch_level_is_known check (level in ('statement', 'row')),
  constraint watch_operations_are_known
    check (operations <@ array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'] and operations <> '{}')
);
comment on table rota_core.watch is
  'Tables whose changes are captured, and those that were: the log refers to them. The names are
  those of now, for as long as the table is there.';
create unique index watch_of_relation on rota_core.watch (relation) where ended_at is null;

create table rota_core.subscription (
  subscription text primary key,
  topic        text not null,
  task         text references rota_core.task (task),
  types        text[],
  filter       jsonpath,
  mode         text not null,
  batch_size   int not null,
  ordered      boolean not null,
  shards       int not null,
  max_lag      interval not null,
  defined_at   timestamptz not null,
  defined_by   name not null,
  constraint subscription_mode_is_known check (mode in ('event', 'batch')),
  constraint subscription_batch_is_of_a_sane_size check (batch_size between 1 and 10000),
  constraint subscription_shards_are_few check (shards between 1 and 64),
  constraint subscription_lag_is_positive check (max_lag > interval '0')
);
comment on table rota_core.subscription is
  'Readers of the event log. Without a task they are read by rota.fetch_events.';
create index subscription_of_task on rota_core.subscription (task);

create table rota_core.event_position (
  subscription  text not null references rota_core.subscription (subscription) on delete cascade,
  shard         int not null,
  low           pg_snapshot not null,
  low_id        bigint not null,
  high          pg_snapshot,
  high_id       bigint,
  phase         int not null default 0,
  last_id       bigint not null default 0,
  cluster       bigint not null,
  trial_size    int,
  trial_error   jsonb,
  delivered     bigint not null default 0,
  moved_at      timestamptz not null,
  wake_at       timestamptz,
  lag_noted_at  timestamptz,
  released_at   timestamptz,
  released_from bigint,
  primary key (subscription, shard),
  constraint event_position_window_is_whole check ((high is null) = (high_id is null)),
  constraint event_position_phase_is_known check (phase in (0, 1))
) with (fillfactor = 50);
comment on table rota_core.event_position is
  'How far a shard of a subscription has read. Delivered is what low saw up to low_id and, of the
  open window, what high sees up to last_id: in phase 0 of those up to low_id, in phase 1 beyond.';

create table rota_core.held_event (
  subscription text not null references rota_core.subscription (subscription) on delete cascade,
  event_id     bigint not null,
  shard        int not null,
  key          text,
  event        jsonb not null,
  attempts     int not null default 0,
  next_at      timestamptz,
  leased_by    text,
  error        jsonb,
  held_at      timestamptz not null,
  dead_at      timestamptz,
  primary key (subscription, event_id),
  constraint held_event_rests_when_dead check (dead_at is null or next_at is null)
) with (fillfactor = 70);
comment on table rota_core.held_event is
  'Copies of events that a subscription has passed but not finished: failed and waiting for the next
  attempt, behind such a one of the same key, leased to a consumer, or dead.';
create index held_event_due on rota_core.held_event (subscription, shard, next_at)
  where next_at is not null;
create index held_event_of_key on rota_core.held_event (subscription, key, event_id)
  where key is not null;

create type rota_core.event_page as (
  events  jsonb,
  ids     bigint[],
  keys    text[],
  last_id bigint,
  ends    boolean
);
comment on type rota_core.event_page is
  'The next events for a shard, as handlers get them, with their numbers and, where these matter,
  their keys. last_id is how far the log has been read; ends tells that the phase is over.';

create type rota_core.delivery as (
  at         rota_core.event_position,
  page       rota_core.event_page,
  from_log   boolean,
  statement  text,
  batch_size int,
  ordered    boolean,
  condemned  jsonb
);
comment on type rota_core.delivery is
  'What a worker is given to deliver: events, how, and the position that they were read from.
  condemned: the error of the only event, which is not tried again now.';

create type rota_core.delivery_failure as (
  event_id bigint,
  key      text,
  event    jsonb,
  error    jsonb
);
comment on type rota_core.delivery_failure is
  'An event that could not be delivered. Without an error it waits for an earlier one of its key.';

alter type rota_core.worker_state
  add attribute events_at timestamptz,
  add attribute events_low pg_snapshot,
  add attribute events_id bigint;

-- Whether a shard is being read is asked at every look for news.
create index run_of_subscription on rota_core.run (origin) where origin like 'subscription:%';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
