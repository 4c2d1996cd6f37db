"""Calendars against another reading of their rules, the search for slots against a plain walk."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from harness import Clone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Days on which clocks change: by an hour at night, at midnight itself, by half an hour.
EVENTFUL = {
    "UTC": ((3, 8), (10, 25)),
    "Europe/Berlin": ((3, 29), (10, 25)),
    "America/New_York": ((3, 8), (11, 1)),
    "America/Havana": ((3, 8), (11, 1)),
    "Australia/Lord_Howe": ((4, 4), (10, 3)),
}
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


def a_moment(chance: random.Random, zone: str) -> datetime:
    month, day = chance.choice(EVENTFUL[zone])
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(minutes=chance.randrange(-1500, 3000))


def a_rule(chance: random.Random, zone: str) -> dict[str, Any]:
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
    return rule | {"timezone": zone}


def some_rules(chance: random.Random, zone: str) -> list[dict[str, Any]]:
    return [
        a_rule(chance, chance.choice((zone, zone, "UTC"))) for _ in range(chance.randrange(1, 4))
    ]


def test_rules_mean_what_another_reading_makes_of_them(database: Clone) -> None:
    chance = random.Random(4711)
    with database.connect() as connection:
        for _ in range(60):
            zone = chance.choice(list(EVENTFUL))
            rules = some_rules(chance, zone)
            moments = [a_moment(chance, zone) for _ in range(60)]
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
            zone = chance.choice(list(EVENTFUL))
            rules = some_rules(chance, zone)
            connection.execute("select rota.define_calendar('c', %s)", [Jsonb(rules)])
            given = {"cron": chance.choice(CRONS), "zone": chance.choice((zone, "UTC"))}
            moment = a_moment(chance, zone)
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


@pytest.mark.parametrize(
    ("rule", "way", "slot", "answer"),
    [
        ('{"dates": ["03-29"]}', "next", "2026-03-28 23:00", "2026-03-29 22:00"),
        ('{"dates": ["03-29"]}', "prev", "2026-03-29 21:30", "2026-03-28 22:30"),
        ('{"dates": ["10-25"]}', "next", "2026-10-24 22:00", "2026-10-25 23:00"),
        ('{"dates": ["10-25"]}', "prev", "2026-10-25 22:30", "2026-10-24 21:30"),
        ('{"hours": ["01:00-02:30"]}', "next", "2026-10-24 23:00", "2026-10-25 00:30"),
        ('{"hours": ["02:30-06:00"]}', "prev", "2026-10-25 04:30", "2026-10-25 01:00"),
        ('{"hours": ["01:00-02:30"]}', "prev", "2026-10-25 01:00", "2026-10-25 00:30"),
    ],
)
def test_where_clocks_change_a_stretch_ends_when_they_say(
    database: Clone, rule: str, way: str, slot: str, answer: str
) -> None:
    since = "" if way == "next" else ", '-infinity'"
    database.run(
        "select rota.define_calendar('c', jsonb_build_object('timezone', 'Europe/Berlin')"
        " || %s::jsonb)",
        rule,
    )
    found = database.value(
        f"select rota_core.{way}_open_slot(rota_core.parse_cron('*/30 * * * *'), 'UTC', c.forms,"
        f" %s::timestamptz{since}) from rota_core.calendar as c",
        f"{slot}+00",
    )
    assert found == datetime.fromisoformat(f"{answer}+00:00")
