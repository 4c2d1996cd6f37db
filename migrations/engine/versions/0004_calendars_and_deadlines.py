"""Calendars that keep schedules from starting, and the deadlines that they miss."""

from pgrota.migration import run_sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create type rota_core.calendar_form as (
  weekdays int[],
  dates    datemultirange,
  yearly   int4multirange,
  hours    int4multirange,
  timezone text
);
comment on type rota_core.calendar_form is
  'A rule of a calendar as parse_calendar() reads it: ISO weekdays, dates, days of each year as
  month times 100 plus day, minutes of the day. Null is no condition.';

create table rota_core.calendar (
  calendar   text primary key,
  rules      jsonb not null,
  forms      rota_core.calendar_form[] not null,
  defined_at timestamptz not null,
  defined_by name not null,
  constraint calendar_rules_are_a_list check (jsonb_typeof(rules) = 'array')
);
comment on table rota_core.calendar is
  'Times at which schedules do not start: the rules as they were given, and as they are read.';

alter table rota_core.schedule
  add column calendar text references rota_core.calendar (calendar),
  add constraint schedule_with_a_calendar_starts_a_task
    check (calendar is null or task is not null);
create index schedule_of_calendar on rota_core.schedule (calendar) where calendar is not null;

create table rota_core.deadline (
  schedule        text primary key references rota_core.schedule (schedule) on delete cascade,
  allowance       interval not null,
  judged_until    timestamptz not null,
  due_at          timestamptz not null,
  last_success_at timestamptz,
  constraint deadline_allowance_is_positive check (allowance > interval '0')
);
comment on table rota_core.deadline is
  'Schedules with a deadline. Slots before judged_until are dealt with; before due_at there is
  nothing to be judged.';
create index deadline_due on rota_core.deadline (due_at);
insert into rota_core.deadline (schedule, allowance, judged_until, due_at)
select
  s.schedule, make_interval(secs => extract(epoch from s.deadline)::float8), clock_timestamp(),
  clock_timestamp()
from rota_core.schedule as s
where s.deadline <= interval '100 years' and s.task is not null;

create table rota_core.missed_deadline (
  missed_deadline_id bigint generated always as identity primary key,
  schedule           text not null,
  slot               timestamptz not null,
  due_at             timestamptz not null,
  last_success_at    timestamptz,
  opened_at          timestamptz not null,
  closed_at          timestamptz,
  closed_by          bigint,
  constraint missed_deadline_was_after_its_slot check (due_at > slot),
  constraint missed_deadline_closes_after_it_opens check (closed_at >= opened_at),
  constraint missed_deadline_closed_by_a_run_is_closed
    check (closed_by is null or closed_at is not null)
);
comment on table rota_core.missed_deadline is
  'Episodes in which a schedule went without a success for longer than its deadline. closed_by: the
  run that succeeded; null where the schedule was dropped or defined anew.';
create unique index missed_deadline_open on rota_core.missed_deadline (schedule)
  where closed_at is null;
create index missed_deadline_closed on rota_core.missed_deadline (closed_at);

create index finished_run_succeeded on rota_core.finished_run (origin, finished_at)
  where state = 'succeeded' and origin like 'schedule:%';
"""
    )


def downgrade() -> None:
    raise NotImplementedError("the engine is removed whole: rota remove rota")
