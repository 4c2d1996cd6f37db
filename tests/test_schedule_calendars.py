"""Slots that lie in a calendar: skipped, and never the ones that are made up for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from harness import Clone, wait_until
from support_schedule import (
    HOUR,
    MINUTE,
    NOON,
    define,
    end_runs,
    fire,
    live_runs,
    next_at,
    prepare,
    set_clock,
    slots,
)

EXCLUDED = "calendar tea"


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def calendar(app: Clone, rules: str, name: str = "tea") -> None:
    app.run("select rota.define_calendar(%s, %s::jsonb)", name, rules)


def reasons(app: Clone) -> list[str | None]:
    return [reason for (reason,) in app.run("select s.reason from rota.slots as s order by s.slot")]


def wait_for_lock(app: Clone, pid: int) -> None:
    waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
    wait_until(lambda: app.value(waits, pid), what="the other session to wait")


@pytest.mark.parametrize("statement", ["rota_core.fire_due()", "rota_core.fire_due('job')"])
def test_a_slot_in_the_calendar_is_skipped_whoever_fires(app: Clone, statement: str) -> None:
    set_clock(app, NOON)
    calendar(app, '{"hours": ["12:01-12:02"]}')
    define(app, "* * * * *", calendar="tea")
    for minute in (1, 2):
        set_clock(app, NOON + minute * MINUTE)
        app.value(f"select {statement}", user="rota_worker")
    assert slots(app) == [("12:01", "skipped"), ("12:02", "started")]
    assert reasons(app) == [EXCLUDED, None]
    assert live_runs(app) == 1


@pytest.mark.parametrize("overlap", ["skip", "queue", "allow"])
def test_a_slot_in_the_calendar_does_not_wait_for_a_run(app: Clone, overlap: str) -> None:
    set_clock(app, NOON)
    calendar(app, '{"hours": ["12:02-12:03"]}')
    define(app, "* * * * *", calendar="tea", overlap=overlap)
    for minute in (1, 2):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
    assert reasons(app) == [None, EXCLUDED]
    end_runs(app)
    assert fire(app) == 0


def test_a_changed_calendar_acts_on_slots_from_then_on(app: Clone) -> None:
    set_clock(app, NOON)
    calendar(app, '{"hours": ["00:00-24:00"]}')
    define(app, "* * * * *", calendar="tea")
    set_clock(app, NOON + MINUTE)
    fire(app)
    calendar(app, "[]")
    set_clock(app, NOON + 2 * MINUTE)
    fire(app)
    assert slots(app) == [("12:01", "skipped"), ("12:02", "started")]


def test_a_manual_start_asks_no_calendar(app: Clone) -> None:
    calendar(app, '{"hours": ["00:00-24:00"]}')
    define(app, "@daily", calendar="tea")
    assert app.value("select rota.start_schedule('job')") is not None


def test_calendars_are_read_only_for_schedules_that_have_one(app: Clone) -> None:
    set_clock(app, NOON)
    calendar(app, "[]")
    define(app, "* * * * *")
    scans = (
        "select sum(pg_stat_get_xact_numscans(r))::int"
        " from unnest('{rota_core.calendar,rota_core.calendar_pkey}'::regclass[]) as r"
    )
    for minute, expected in ((1, 0), (2, 1)):
        set_clock(app, NOON + minute * MINUTE)
        with app.connect(autocommit=False) as connection:
            assert connection.execute("select rota_core.fire_due()").fetchone() == (minute,)
            assert connection.execute(scans).fetchone() == (expected,)
        define(app, "* * * * *", "with", calendar="tea")


LATE = ("14:30", "15:00", "15:30", "16:00", "16:30")
CASES: list[tuple[dict[str, Any], list[tuple[str, str]], int]] = [
    (
        {"hours": "14:30-17:30"},
        [("12:30", "missed"), ("13:00", "missed"), ("13:30", "missed"), ("14:00", "started")],
        1,
    ),
    (
        {"hours": "14:30-17:00"},
        [*((f"{h}", "missed") for h in ("12:30", "13:00", "13:30", "14:00")), ("17:00", "started")],
        1,
    ),
    ({"hours": "12:00-18:00"}, [], 0),
    (
        {"hours": "14:30-17:30", "misfire": "skip"},
        [(f"{h}", "missed") for h in ("12:30", "13:00", "13:30", "14:00")],
        0,
    ),
    (
        {"hours": "14:30-17:30", "misfire": "run_all", "max_catchup": 2, "overlap": "allow"},
        [("12:30", "missed"), ("13:00", "missed"), ("13:30", "started"), ("14:00", "started")],
        2,
    ),
    (
        {"hours": "13:00-14:00", "misfire": "run_all", "max_catchup": 7, "overlap": "allow"},
        [
            ("12:30", "missed"),
            *((f"{h}", "started") for h in ("14:00", *LATE, "17:00")),
        ],
        7,
    ),
    ({"hours": "12:00-18:00", "misfire": "run_all", "overlap": "allow"}, [], 0),
]


@pytest.mark.parametrize(("policy", "outcomes", "runs"), CASES)
def test_what_lies_in_the_calendar_is_not_made_up_for(
    app: Clone, policy: dict[str, Any], outcomes: list[tuple[str, str]], runs: int
) -> None:
    policy = dict(policy)
    set_clock(app, NOON)
    calendar(app, f'{{"hours": ["{policy.pop("hours")}"]}}')
    define(app, "*/30 * * * *", calendar="tea", **policy)
    set_clock(app, NOON + 5 * HOUR + 5 * MINUTE)
    fire(app)

    assert [s for s in slots(app) if s[1] != "skipped"] == outcomes
    assert live_runs(app) == runs
    assert next_at(app) == datetime(2026, 1, 1, 17, 30, tzinfo=UTC)
    # Every slot has its row, or stands in a row of the calendar, which has no other reason.
    missing = app.value(
        "select count(*) from generate_series(timestamptz '2026-01-01 12:30+00',"
        " '2026-01-01 17:00+00', '30 min') as g (slot)"
        " where 1 <> (select count(*) from rota.slots as s"
        " where g.slot between s.slot and coalesce(s.through, s.slot))"
    )
    assert missing == 0
    skipped = "select distinct s.reason from rota.slots as s where s.outcome = 'skipped'"
    assert app.run(skipped) in ([(EXCLUDED,)], [])


def test_a_weekend_of_seconds_is_passed_over_at_once(app: Clone) -> None:
    friday = datetime(2026, 1, 2, 23, 59, 58, 500000, tzinfo=UTC)
    monday = datetime(2026, 1, 5, 0, 0, 0, tzinfo=UTC)
    set_clock(app, friday)
    calendar(app, '{"weekdays": ["sat", "sun"]}')
    define(app, "@every 1 second", calendar="tea")
    set_clock(app, monday - timedelta(microseconds=1))
    fire(app)
    assert app.run("select s.slot, s.through, s.outcome from rota.slots as s order by s.slot") == [
        (friday.replace(second=59, microsecond=0), None, "started"),
        (datetime(2026, 1, 3, tzinfo=UTC), monday - timedelta(seconds=1), "skipped"),
    ]
    assert next_at(app) == monday


def test_run_all_finds_a_thousand_among_many_more(app: Clone) -> None:
    set_clock(app, NOON)
    calendar(app, '{"hours": ["00:00-00:50", "01:00-24:00"]}')
    define(app, "* * * * *", calendar="tea", misfire="run_all", max_catchup=1000)
    set_clock(app, NOON + timedelta(days=110))
    fire(app)
    counts = "select s.outcome, count(*)::int from rota.slots as s group by 1 order by 1"
    found = dict(app.run(counts))
    assert (found["started"], found["waiting"], found["missed"]) == (1, 999, 100)
    assert app.value("select count(*) from rota.slots as s where s.through is not null") == 111


def test_a_pause_in_the_calendar_is_called_a_pause(app: Clone) -> None:
    set_clock(app, NOON)
    calendar(app, '{"hours": ["00:00-24:00"]}')
    define(app, "*/10 * * * *", calendar="tea")
    app.run("select rota.pause('schedule', 'job')")
    set_clock(app, NOON + 30 * MINUTE)
    fire(app)
    app.run("select rota.resume('schedule', 'job')")
    assert reasons(app) == ["paused"] * 3


def test_a_zone_that_vanished_fails_the_slot_and_leaves_the_view_readable(app: Clone) -> None:
    set_clock(app, NOON)
    calendar(app, '{"weekdays": ["sat"], "timezone": "Europe/Berlin"}')
    define(app, "* * * * *", calendar="tea")
    define(app, "* * * * *", "other")
    app.run("update rota_core.calendar set forms[1].timezone = 'Mars/Olympus'")
    set_clock(app, NOON + MINUTE)
    fire(app)
    assert slots(app) == [("12:01", "failed")]
    assert slots(app, "other") == [("12:01", "started")]
    assert app.value("select s.next_start_at from rota.schedules as s where s.name = 'job'") is None


def test_a_calendar_is_not_dropped_under_a_schedule_that_is_being_defined(app: Clone) -> None:
    calendar(app, "[]")
    with app.connect(autocommit=False) as defining:
        defining.execute("select rota.define_schedule('job', '@daily', 'work', calendar => 'tea')")
        dropping = app.start("select rota.drop_calendar('tea')", "postgres")
        wait_for_lock(app, dropping.pid)
        defining.commit()
    error = dropping.join()
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "RT002"
    assert error.diag.message_detail == "Used by: schedule job."


def test_a_schedule_that_waits_for_the_drop_of_its_calendar_is_refused(app: Clone) -> None:
    calendar(app, "[]")
    with app.connect(autocommit=False) as dropping:
        dropping.execute("select rota.drop_calendar('tea')")
        defining = app.start(
            "select rota.define_schedule('job', '@daily', 'work', calendar => 'tea')", "postgres"
        )
        wait_for_lock(app, defining.pid)
        dropping.commit()
    error = defining.join()
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "42704"
    assert app.run("select from rota.schedules") == []
