"""Random cron expressions and moments, and by definition whether one fires at another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from cronsim import CronSim

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Triple = tuple[str, datetime, str]

LIVELY = [
    *("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Santiago"),
    *("Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia"),
    *("Europe/Dublin", "America/Havana", "Asia/Kathmandu"),
]

MONTHS = ["jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "Mon", "TUE", "wed", "thu", "fri", "sat"]


def item(random: Random, low: int, high: int, names: list[str]) -> str:
    """One item of a field: a value, a name, a range, or one of them with a step."""
    first, last = sorted(random.sample(range(low, high + 1), 2))
    spread = f"{first}-{last}"
    step = random.randint(1, (high - low) // 2 + 1)
    return random.choice(
        [
            *(str(first), random.choice(names) if names else str(last), spread),
            *(f"*/{step}", f"{spread}/{step}", f"{first}/{step}"),
        ]
    )


def field(random: Random, low: int, high: int, names: list[str] | None = None) -> str:
    if random.random() < 0.3:
        return "*"
    items = random.choice([1, 1, 1, 2, 3])
    return ",".join(item(random, low, high, names or []) for _ in range(items))


def expression(random: Random) -> str:
    """Five fields, often at night, where clocks change, and often with unrestricted days."""
    night = ["0", "1", "2", "3", "1-3", "*/2"]
    weekday = random.choice([*"01234567", *WEEKDAYS])
    special_weekday = [f"{random.randint(0, 7)}L", f"{weekday}#{random.randint(1, 5)}"]
    return " ".join(
        [
            field(random, 0, 59),
            random.choice([field(random, 0, 23), random.choice(night)]),
            random.choice(
                ["*", "*", field(random, 1, 31), random.choice(["L", "LW", "15,L", "1,LW"])]
            ),
            random.choice(["*", "*", field(random, 1, 12, MONTHS)]),
            random.choice(
                ["*", "*", field(random, 0, 7, WEEKDAYS), random.choice(special_weekday)]
            ),
        ]
    )


@cache
def changes(zone: str) -> list[datetime]:
    """The moments from 1970 to 2100 at which a zone's offset changes."""
    tz = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(tz).utcoffset()

    found = []
    at, step = datetime(1970, 1, 2, tzinfo=UTC), timedelta(days=8)
    before = offset(at)
    while at.year < 2100:
        after = offset(at + step)
        if before != after:
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) // 2).replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            found.append(high)
        at, before = at + step, after
    return found


def agreed(connection: psycopg.Connection[Any], zones: Iterable[str]) -> list[str]:
    """The zones that the server has the same data for as Python, at every change and each spring
    and autumn."""
    usual = [datetime(y, m, 1, tzinfo=UTC) for y in range(1970, 2101) for m in (1, 7)]
    second = timedelta(seconds=1)
    found = []
    for zone in sorted(zones):
        times = usual + [at - back for at in changes(zone) for back in (second, 0 * second)]
        here = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in times]
        there = connection.execute(LOCAL_TIMES, (zone, times)).fetchall()
        if here == [wall for (wall,) in there]:
            found.append(zone)
    return found


def moment(random: Random, zone: str) -> datetime:
    """Any time from 1970 to 2100, but half of them near a change of the clock."""
    if changes(zone) and random.random() < 0.5:
        return random.choice(changes(zone)) + MINUTE * random.randint(-2000, 200)
    at = datetime(1970, 1, 2, tzinfo=UTC) + timedelta(days=random.uniform(0, 47_480))
    return at if random.random() < 0.5 else at.replace(second=0, microsecond=0)


def triples(seed: int, count: int, zones: list[str]) -> list[Triple]:
    """Half of them in zones where much happens, half in any of `zones`."""
    random = Random(seed)
    drawn = [random.choice(random.choice((LIVELY, zones))) for _ in range(count)]
    return [(expression(random), moment(random, zone), zone) for zone in drawn]


def names(cron: CronSim, wall: datetime) -> bool:
    """Whether an expression names this time on the wall."""
    return (
        wall.second == 0
        and wall.minute in cron.minutes
        and wall.hour in cron.hours
        and wall.month in cron.months
        and cron.match_day(wall.date())
    )


def happens(cron: CronSim, zone: str, at: datetime) -> bool:
    """The definition: whether an expression fires at this moment."""
    local = at.astimezone(ZoneInfo(zone))
    wall = local.replace(tzinfo=None)
    if not cron.fixup_tz:
        return names(cron, wall)
    if local.fold:
        return False
    before = (at - MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    left_out = int((wall - before) / MINUTE)
    return any(names(cron, wall - n * MINUTE) for n in range(max(left_out, 1)))


def minutes_between(since: datetime, until: datetime) -> Iterator[datetime]:
    """Every full minute after `since` and before `until`, for two days at most."""
    at = since.replace(second=0, microsecond=0) + MINUTE
    while at < min(until, since + 2 * DAY):
        yield at
        at += MINUTE


LOCAL_TIMES = """
select u.at at time zone %s
from unnest(%s::timestamptz[]) with ordinality as u (at, n)
order by u.n
"""
ATTEMPT = """
create function pg_temp.attempt(
  expression text, at timestamptz, zone text,
  out next_at timestamptz, out prev_at timestamptz, out does_match boolean, out refusal text
) language plpgsql as $$
begin
  next_at := rota.cron_next(expression, at, zone);
  prev_at := rota.cron_prev(expression, at, zone);
  does_match := rota.cron_matches(expression, at, zone);
exception when invalid_parameter_value then
  refusal := sqlerrm;
end $$;
"""
ASK = """
select a.*
from unnest(%s::text[], %s::timestamptz[], %s::text[]) with ordinality as t (e, at, zone, n),
  lateral pg_temp.attempt(t.e, t.at, t.zone) as a
order by t.n
"""
