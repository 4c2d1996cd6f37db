"""Schedules and the slots they have fired."""

from pgrota.migration import run_sql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create type rota_core.cron_form as (
  minutes     int[],
  hours       int[],
  days        int[],
  months      int[],
  weekdays    int[],
  both_days   boolean,
  fixed_time  boolean,
  every       interval
);
comment on type rota_core.cron_form is 'A cron expression as parse_cron() reads it.';

create type rota_core.cron_change as (
  job_id   bigint,
  job_name text,
  schedule text,
  command  text,
  inactive boolean
);
comment on type rota_core.cron_change is 'One way in which cron.job is not what it should be.';

create table rota_core.schedule (
  schedule    text primary key,
  cron        text not null,
  task        text references rota_core.task (task),
  input       jsonb not null,
  timezone    text not null,
  overlap     text not null,
  misfire     text not null,
  max_catchup int not null,
  deadline    interval,
  command     text,
  doorbell    text,
  next_at     timestamptz,
  defined_at  timestamptz not null,
  defined_by  name not null,
  constraint schedule_overlap_is_known check (overlap in ('skip', 'queue', 'allow')),
  constraint schedule_misfire_is_known check (misfire in ('run_once', 'skip', 'run_all')),
  constraint schedule_catches_up_within_reason check (max_catchup between 0 and 1000),
  constraint schedule_deadline_is_positive check (deadline > interval '0'),
  constraint schedule_starts_a_task_or_a_command check ((task is null) <> (command is null)),
  constraint schedule_fires_tasks_only check ((task is null) = (next_at is null)),
  constraint schedule_input_is_an_object check (jsonb_typeof(input) = 'object')
);
comment on table rota_core.schedule is
  'When tasks start. next_at is the only state that fires; a command is fired by pg_cron alone, at
  the times in doorbell.';
create index schedule_due on rota_core.schedule (next_at);
create index schedule_of_task on rota_core.schedule (task);

create table rota_core.slot (
  schedule text not null,
  slot     timestamptz not null,
  through  timestamptz,
  outcome  text not null,
  reason   text,
  run_id   bigint,
  fired_at timestamptz not null,
  fired_by text not null,
  primary key (schedule, slot),
  constraint slot_outcome_is_known
    check (outcome in ('started', 'waiting', 'skipped', 'missed', 'failed')),
  constraint slot_started_has_a_run check ((outcome = 'started') = (run_id is not null)),
  constraint slot_passed_over_has_a_reason check (outcome = 'started' or reason is not null),
  constraint slot_range_is_passed_over check (through is null or outcome in ('skipped', 'missed'))
);
comment on table rota_core.slot is
  'Each slot of a schedule, fired or passed over, once. through: the slots up to then as well.';
create index slot_of_time on rota_core.slot (slot);
create index slot_waiting on rota_core.slot (schedule, slot) where outcome = 'waiting';

-- The live runs of a schedule are counted under its own lock, at every slot.
create index run_of_schedule on rota_core.run (origin) where origin like 'schedule:%';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
