"""Seven days of schedules: what fires when, worked out in one query of bounded work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from pgrota.database import Database
from pgrota.zones import Zone

DAYS = 7
# What fires more often, twelve times a day, is told by its pace: its times would hide the others.
MOST = 12 * DAYS

# Whether its pace is the same all week is told by a look at every hour, up to the first gap.
QUERY = """
with recursive schedule as materialized (
  select s.name, s.cron, s.timezone, s.task, s.command, s.calendar, s.paused, s.pause_reason,
    nullif(s.paused_until, 'infinity') as paused_until
  from rota.schedules as s
  where isfinite(s.next_at)
    and (cardinality(%(names)s::text[]) = 0 or s.name = any(%(names)s::text[]))
),
firing as (
  select t.cron, t.timezone, 1 as place,
    rota.cron_next(t.cron, %(since)s::timestamptz - interval '1 microsecond', t.timezone) as at
  from (select distinct s.cron, s.timezone from schedule as s) as t
  union all
  select f.cron, f.timezone, f.place + 1, rota.cron_next(f.cron, f.at, f.timezone)
  from firing as f
  where f.place <= %(most)s and f.at < %(until)s
),
timing as (
  select f.cron, f.timezone,
    coalesce(array_agg(f.at order by f.at) filter (where f.at < %(until)s), '{}') as slots
  from firing as f
  group by f.cron, f.timezone
),
pace as materialized (
  select t.cron, t.timezone, t.slots,
    cardinality(t.slots) > %(most)s and not exists (
      select from generate_series(
        %(since)s::timestamptz, %(until)s::timestamptz - interval '1 hour', interval '1 hour'
      ) as p (at)
      where rota.cron_next(t.cron, p.at, t.timezone) > p.at + (t.slots[2] - t.slots[1])
    ) as steady
  from timing as t
)
select s.*, t.slots, t.steady,
  array(
    select u.at
    from unnest(t.slots) as u (at)
    where cardinality(t.slots) <= %(most)s and rota.calendar_excludes(s.calendar, u.at)
  ) as excluded
from schedule as s
join pace as t on (t.cron, t.timezone) = (s.cron, s.timezone)
order by t.slots[1] nulls last, s.name
"""


@dataclass(frozen=True)
class Slot:
    """One time of a schedule, and why nothing will start then, if so."""

    at: datetime
    skipped: str | None = None


@dataclass(frozen=True)
class Planned:
    """A schedule in this week. Of a frequent one only the pace is known."""

    row: dict[str, Any]
    slots: list[Slot]
    frequent: bool = False
    every: timedelta | None = None

    @property
    def name(self) -> str:
        return self.row["name"]


@dataclass(frozen=True)
class Week:
    """Seven days on the clocks of a zone."""

    zone: Zone
    days: list[date]
    schedules: list[Planned] = field(default_factory=list)

    @property
    def scarce(self) -> list[Planned]:
        return [planned for planned in self.schedules if not planned.frequent and planned.slots]

    @property
    def frequent(self) -> list[Planned]:
        return [planned for planned in self.schedules if planned.frequent]

    def as_json(self) -> dict[str, Any]:
        return {
            "zone": self.zone.name,
            "from": self.days[0],
            "to": self.days[-1],
            "schedules": [
                {
                    "name": planned.name,
                    **{
                        key: planned.row[key]
                        for key in ("cron", "timezone", "task", "command", "calendar")
                    },
                    "frequent": planned.frequent,
                    "every": planned.every,
                    "slots": [{"at": s.at, "skipped": s.skipped} for s in planned.slots],
                }
                for planned in self.schedules
            ],
        }


def read(database: Database, zone: Zone, first: date, names: tuple[str, ...] = ()) -> Week:
    """The seven days from `first` on."""
    days = [first + timedelta(days=number) for number in range(DAYS)]
    wanted = {
        "since": zone.midnight(first),
        "until": zone.midnight(first + timedelta(days=DAYS)),
        "most": MOST,
        "names": list(names),
    }
    return Week(zone, days, [_planned(row) for row in database.rows(QUERY, wanted)])


def _planned(row: dict[str, Any]) -> Planned:
    moments = row["slots"]
    if len(moments) > MOST:
        steps = {later - at for at, later in pairwise(moments)}
        every = steps.pop() if row["steady"] and len(steps) == 1 else None
        return Planned(row, [], frequent=True, every=every)
    return Planned(row, [Slot(at, _skipped(row, at)) for at in moments])


def _skipped(row: dict[str, Any], at: datetime) -> str | None:
    if row["paused"] and (row["paused_until"] is None or row["paused_until"] > at):
        return "paused"
    return "calendar" if at in row["excluded"] else None
