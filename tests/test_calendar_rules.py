"""Calendars against another reading of their rules, the search for slots against a plain walk."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from harness import Clone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe")
# Both sides of where these zones change their clocks.
EVENTFUL = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((3, 8), (3, 29), (4, 4), (10, 3), (10, 25), (11, 1))
]
CRONS = ("* * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "15 0,1,23 * * *", "@every 10 min")


def excludes(rule: dict[str, Any], at: datetime) -> bool:
    wall = at.astimezone(ZoneInfo(rule.get("timezone", "UTC")))
    return (
        DAYS[wall.weekday()] in rule.get("weekdays", DAYS)
        and ("dates" not in rule or any(_in_dates(item, wall.date()) for item in rule["dates"]))
        and ("hours" not in rule or any(_in_hours(item, wall.time()) for item in rule["hours"]))
    )


def _in_dates(item: str, day: date) -> bool:
    first, _, last = item.partition("..")
    last = last or first
    if len(first) == 10:
        return date.fromisoformat(first) <= day <= date.fromisoformat(last)
    shown = day.strftime("%m-%d")
    return first <= shown <= last if first <= last else not last < shown < first


def _in_hours(item: str, clock: time) -> bool:
    first, last = item.split("-")
    shown = clock.strftime("%H:%M")
    return first <= shown < last if first < last else not last <= shown < first


def a_rule(chance: random.Random) -> dict[str, Any]:
    def day() -> str:
        return (date(2026, 1, 1) + timedelta(days=chance.randrange(365))).isoformat()

    def clock() -> str:
        return f"{chance.randrange(24):02}:{chance.choice((0, 15, 30, 59)):02}"

    rule: dict[str, Any] = {}
    if chance.random() < 0.4:
        rule["weekdays"] = chance.sample(DAYS, chance.randrange(1, 6))
    if chance.random() < 0.3:
        first, last = sorted((day(), day()))
        rule["dates"] = chance.sample(
            [first, f"{first}..{last}", first[5:], f"{last[5:]}..{first[5:]}"], 2
        )
    if chance.random() < 0.5 or not rule:
        first, last = clock(), clock()
        rule["hours"] = [f"{first}-{last if last != first else '24:00'}"]
    return rule | {"timezone": chance.choice(ZONES)}


def test_rules_mean_what_another_reading_makes_of_them(database: Clone) -> None:
    chance = random.Random(4711)
    with database.connect() as connection:
        for _ in range(60):
            rules = [a_rule(chance) for _ in range(chance.randrange(1, 4))]
            moments = [
                chance.choice(EVENTFUL) + timedelta(minutes=chance.randrange(-1500, 3000))
                for _ in range(60)
            ]
            connection.execute("select rota.define_calendar('c', %s)", [Jsonb(rules)])
            answers = connection.execute(
                "select rota.calendar_excludes('c', m.at)"
                " from unnest(%s::timestamptz[]) with ordinality as m (at, place) order by place",
                [moments],
            ).fetchall()
            for moment, (answer,) in zip(moments, answers, strict=True):
                assert answer == any(excludes(rule, moment) for rule in rules), (moment, rules)


def test_open_slots_are_those_that_a_plain_walk_finds(database: Clone) -> None:
    """Where the walk gives up after 250 slots, whatever was found lies beyond."""
    chance = random.Random(4712)
    walk = """
with recursive walk as (
  select %(slot)s::timestamptz as slot, 1 as place
  union all
  select rota.cron_{way}(%(cron)s, w.slot, %(zone)s), w.place + 1
  from walk as w where w.place < 250
)
select w.slot, rota.calendar_excludes('c', w.slot) from walk as w order by w.place
"""
    found = """
select
  rota_core.next_open_slot(rota_core.parse_cron(%(cron)s), %(zone)s, c.forms, %(slot)s),
  rota_core.prev_open_slot(rota_core.parse_cron(%(cron)s), %(zone)s, c.forms, %(slot)s, '-infinity')
from rota_core.calendar as c
"""
    with database.connect() as connection:
        for _ in range(80):
            rules = [a_rule(chance) for _ in range(chance.randrange(1, 4))]
            connection.execute("select rota.define_calendar('c', %s)", [Jsonb(rules)])
            given = {"cron": chance.choice(CRONS), "zone": chance.choice(ZONES)}
            moment = chance.choice(EVENTFUL) + timedelta(minutes=chance.randrange(-1500, 3000))
            given["slot"] = connection.execute(
                "select rota.cron_next(%(cron)s, %(at)s, %(zone)s)", given | {"at": moment}
            ).fetchone()[0]
            answers = connection.execute(found, given).fetchone()
            for way, answer in zip(("next", "prev"), answers, strict=True):
                steps = connection.execute(walk.format(way=way), given).fetchall()
                wanted = next((slot for slot, excluded in steps if not excluded), None)
                if wanted is not None:
                    assert answer == wanted, (way, given, rules)
                elif answer is not None and way == "next":
                    assert answer > steps[-1][0], (way, given, rules)
                elif answer is not None:
                    assert answer < steps[-1][0], (way, given, rules)
