"""What stands below the calendar of a week: keys, paces, and what will not start."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import click

from pgrota import output, schedule_page
from pgrota.week import DAYS, Planned, Week

MOST_TIMES = 4
MOST_NAMES = 5
MOST_DAYS = 3
BUSIEST = 5
NOT = "\N{MULTIPLICATION SIGN}"


def legend(week: Week, keys: dict[str, str]) -> None:
    """Which key stands for which schedule, and when that fires."""
    rows = [
        {
            "key": keys[planned.name],
            "schedule": planned.name,
            "cron": planned.row["cron"],
            "zone": planned.row["timezone"],
            "fires": times(week, planned),
        }
        for planned in week.scarce
    ]
    columns = {"key": "", "schedule": "schedule", "fires": "fires", "cron": "cron", "zone": "zone"}
    output.table(rows, columns=columns, whole=("key", "cron"), expendable=("zone", "cron"))


def times(week: Week, planned: Planned) -> str:
    """`daily 03:00`, `Mon-Fri 08:00-18:00 (11 times)`."""
    of_day: dict[date, list[str]] = defaultdict(list)
    for slot in planned.slots:
        of_day[week.zone.local(slot.at).date()].append(week.zone.clock(slot.at))
    by_times: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, day in enumerate(week.days):
        if day in of_day:
            by_times[tuple(of_day[day])].append(number)
    if len(by_times) > MOST_DAYS:
        return f"{len(planned.slots)} times on {len(of_day)} days"
    return "; ".join(f"{_days(week, days)} {_clocks(clocks)}" for clocks, days in by_times.items())


def _days(week: Week, numbers: list[int]) -> str:
    """`Mon-Wed, Sat`, whichever day the week begins with."""
    if len(numbers) == DAYS:
        return "daily"
    names = {week.days[number].weekday(): f"{week.days[number]:%a}" for number in numbers}
    parts = []
    for _, run in groupby(enumerate(sorted(names)), key=lambda each: each[1] - each[0]):
        found = [names[weekday] for _, weekday in run]
        parts += [f"{found[0]}-{found[-1]}"] if len(found) > 2 else found
    return ", ".join(parts)


def _clocks(clocks: tuple[str, ...]) -> str:
    if len(clocks) <= MOST_TIMES:
        return ", ".join(clocks)
    return f"{clocks[0]}-{clocks[-1]} ({len(clocks)} times)"


def busiest(week: Week, hours: dict[tuple[date, int], dict[str, Any]]) -> None:
    """Where there are too many for keys: how many, and the hours with the most."""
    click.echo(f"{len(week.scarce)} schedules; the numbers say how many of them fire in an hour.")
    alike: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(list)
    for number, day in enumerate(week.days):
        for hour in range(24):
            if found := hours.get((day, hour)):
                alike[hour, tuple(sorted(found))].append(number)
    order = sorted(alike, key=lambda each: (-len(each[1]), alike[each][0], each[0]))
    rows = [
        {
            "hour": f"{_days(week, alike[hour, found])} {hour:02}:00",
            "count": len(found),
            "schedules": names(list(found)),
        }
        for hour, found in order[:BUSIEST]
    ]
    output.table(rows, title="Busiest hours", whole=("hour",))


def names(found: list[str]) -> str:
    """The first few names, and how many more there are."""
    if len(found) <= MOST_NAMES + 1:
        return ", ".join(found)
    return f"{', '.join(found[:MOST_NAMES])} and {len(found) - MOST_NAMES} more"


def frequent(week: Week) -> None:
    """What fires more than twelve times a day, by its pace."""
    alike: dict[tuple[timedelta, str], list[str]] = defaultdict(list)
    for planned in week.frequent:
        words = f"every {pace(planned.every)}" if planned.every else _cron(planned)
        alike[planned.every or timedelta.max, words].append(planned.name + _mark(planned))
    if alike:
        rows = [
            {"fires": words, "count": len(found), "schedules": names(sorted(found))}
            for (_, words), found in sorted(alike.items())
        ]
        output.table(rows, title="Often", whole=("fires",))


def _cron(planned: Planned) -> str:
    zone = planned.row["timezone"]
    return planned.row["cron"] + ("" if zone == "UTC" else f" {zone}")


def _mark(planned: Planned) -> str:
    if planned.row["paused"]:
        return " (paused)"
    return f" (not in {planned.row['calendar']})" if planned.row["calendar"] else ""


def pace(length: timedelta) -> str:
    """`15 min`, `hour`: a length that comes again and again."""
    seconds = length.total_seconds()
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "min"), (1, "s")):
        if seconds % size == 0:
            count = int(seconds // size)
            single = {"min": "minute", "s": "second"}.get(unit, unit)
            many = unit if unit in ("min", "s") else f"{unit}s"
            return single if count == 1 else f"{count} {many}"
    return output.duration(length)


def skipped(week: Week) -> None:
    """Slots at which nothing will start, and why."""
    rows = []
    for planned in week.scarce:
        for reason in dict.fromkeys(slot.skipped for slot in planned.slots if slot.skipped):
            idle = [slot for slot in planned.slots if slot.skipped == reason]
            whole = len(idle) == len(planned.slots)
            some = ", ".join(f"{week.zone.local(s.at):%a %d %H:%M}" for s in idle[:MOST_TIMES])
            more = f" and {len(idle) - MOST_TIMES} more" if len(idle) > MOST_TIMES else ""
            why = schedule_page.why_not(planned.row, reason)
            when = "all week" if whole else some + more
            rows.append({"schedule": planned.name, "when": when, "why": why})
    if rows:
        output.table(rows, title=f"Will not start ({NOT})")
