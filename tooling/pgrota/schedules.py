"""Reading schedules: what there is, what comes, and what became of it."""

from __future__ import annotations

from typing import Any

from pgrota import similar
from pgrota.database import Database

# A schedule whose time zone has vanished from the server waits for ever, which Python cannot read.
_ALL = """
select s.name, s.cron, s.timezone, s.task, s.command, s.input, s.overlap, s.misfire,
  s.max_catchup, s.deadline, s.calendar, nullif(s.next_at, 'infinity') as next_at,
  nullif(s.next_start_at, 'infinity') as next_start_at, s.last_slot, s.last_outcome, s.last_reason,
  s.last_run_id, s.last_run_state, s.last_success_at, s.paused,
  nullif(s.paused_until, 'infinity') as paused_until, s.pause_reason, s.doorbell, s.defined_at,
  s.defined_by
from rota.schedules as s
"""
LIST = f"{_ALL} order by s.next_at nulls last, s.name"
ONE = f"{_ALL} where s.name = %s"

# The times of the schedule that fires soonest again bound those that are looked at of the others.
NEXT = """
with recursive schedule as materialized (
  select s.name, s.cron, s.timezone, s.calendar, s.paused, s.paused_until, s.pause_reason,
    s.next_at
  from rota.schedules as s
  where isfinite(s.next_at) and (%(name)s::text is null or s.name = %(name)s)
),
timing as materialized (
  select distinct s.cron, s.timezone, s.next_at from schedule as s
),
pace as (
  (
    select t.cron, t.timezone, t.next_at as at, 1 as place
    from timing as t
    order by rota.cron_next(t.cron, t.next_at, t.timezone)
    limit 1
  )
  union all
  select p.cron, p.timezone, rota.cron_next(p.cron, p.at, p.timezone), p.place + 1
  from pace as p
  where p.place < %(count)s
),
horizon as materialized (
  select max(p.at) as at from pace as p
),
firing as (
  select t.cron, t.timezone, t.next_at, t.next_at as at, 1 as place from timing as t
  union all
  select f.cron, f.timezone, f.next_at, rota.cron_next(f.cron, f.at, f.timezone), f.place + 1
  from firing as f
  where f.place < %(count)s and f.at < (select h.at from horizon as h)
),
first as materialized (
  select f.at, s.name, s.cron, s.timezone, s.calendar, s.paused, s.paused_until, s.pause_reason
  from firing as f
  join schedule as s on (s.cron, s.timezone, s.next_at) = (f.cron, f.timezone, f.next_at)
  order by f.at, s.name
  limit %(count)s
)
select f.at, f.name, f.cron, f.timezone, f.calendar, f.paused, f.pause_reason,
  case
    when f.paused and (f.paused_until is null or f.paused_until > f.at) then 'paused'
    when rota.calendar_excludes(f.calendar, f.at) then 'calendar'
  end as skipped
from first as f
order by f.at, f.name
"""

CALENDARS = "select c.* from rota.calendars as c order by c.name"
MISSED = """
select m.schedule, m.slot, m.due_at, m.last_success_at, m.opened_at, m.message
from rota.missed_deadlines as m
where m.closed_at is null and (%(name)s::text is null or m.schedule = %(name)s)
order by m.due_at, m.schedule
"""

SLOTS = """
with found as (
  select s.slot, s.through, s.outcome, s.reason, s.fired_at, s.fired_by,
    s.fired_at - s.slot as late, s.run_id, r.state as run_state,
    r.finished_at - coalesce(
      (
        select min(a.started_at) from rota.attempts as a
        where a.run_id = r.run_id and r.attempt > 1
      ),
      r.started_at
    ) as took
  from rota.slots as s
  left join lateral (
    select v.run_id, v.state, v.attempt, v.started_at, v.finished_at
    from rota.runs as v
    where v.run_id = s.run_id
  ) as r on true
  where s.schedule = %(name)s and (%(since)s::timestamptz is null or s.slot >= %(since)s)
)
select f.*
from found as f
where %(outcomes)s::text[] is null
  or f.outcome = any(%(outcomes)s) or f.run_state = any(%(outcomes)s)
order by f.slot desc
limit %(limit)s
"""


def find(database: Database, name: str) -> dict[str, Any]:
    """A schedule by its name; unknown names are refused."""
    row = database.row(ONE, [name])
    if row is None:
        raise similar.SCHEDULE.unknown(database, name)
    return row


def slots(
    database: Database,
    name: str,
    limit: int,
    since: Any = None,
    outcomes: list[str] | None = None,
) -> list[dict[str, Any]]:
    """The newest slots of a schedule and the runs that they started."""
    wanted = {"name": name, "limit": limit, "since": since, "outcomes": outcomes}
    return database.rows(SLOTS, wanted)


def missed(database: Database, name: str | None = None) -> list[dict[str, Any]]:
    """The deadlines that are missed now, of one schedule or of all."""
    return database.rows(MISSED, {"name": name})
