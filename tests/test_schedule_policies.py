"""What becomes of slots that are late, paused or overlapping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

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


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@pytest.mark.parametrize(
    ("policy", "outcomes", "runs"),
    [
        ({}, ["missed"] * 5 + ["started"], 1),
        ({"misfire": "run_once"}, ["missed"] * 5 + ["started"], 1),
        ({"misfire": "skip"}, ["missed"] * 6, 0),
        ({"misfire": "run_all", "overlap": "allow"}, ["started"] * 6, 6),
        ({"misfire": "run_all"}, ["started"] + ["waiting"] * 5, 1),
        (
            {"misfire": "run_all", "max_catchup": 2, "overlap": "allow"},
            ["missed"] * 4 + ["started"] * 2,
            2,
        ),
        ({"misfire": "run_all", "max_catchup": 0}, ["missed"] * 6, 0),
    ],
)
def test_misfires_after_three_hours(
    app: Clone, policy: dict[str, Any], outcomes: list[str], runs: int
) -> None:
    set_clock(app, NOON)
    define(app, "*/30 * * * *", **policy)
    set_clock(app, NOON + 3 * HOUR + 5 * MINUTE)
    fire(app)

    assert [outcome for _, outcome in slots(app)] == outcomes
    assert live_runs(app) == runs
    assert next_at(app) == datetime(2026, 1, 1, 15, 30, tzinfo=UTC)


def test_run_all_catches_up_one_after_another(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "*/30 * * * *", misfire="run_all")
    set_clock(app, NOON + 2 * HOUR)
    # The slot that is on time finds the older ones waiting, and is skipped.
    for done in range(1, 4):
        fire(app)
        assert live_runs(app) == 1
        assert [outcome for _, outcome in slots(app)].count("started") == done
        end_runs(app)
    assert fire(app) == 0


def test_a_long_outage_is_recorded_in_a_thousand_rows(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "@every 1 second")
    set_clock(app, NOON + HOUR)
    fire(app)

    count, last, through = app.run(
        "select count(*), max(s.slot), max(s.through) from rota.slots as s"
        " where s.outcome = 'missed'"
    )[0]
    assert count == 1000
    assert last == NOON + timedelta(seconds=1000)
    assert through == NOON + HOUR - timedelta(seconds=1)
    assert live_runs(app) == 1


def test_slots_in_a_pause_are_skipped(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "*/10 * * * *")
    app.run("select rota.pause('schedule', 'job')")
    for minutes in (10, 20):
        set_clock(app, NOON + minutes * MINUTE)
        fire(app)
    # From here on nobody looked, until it was resumed.
    set_clock(app, NOON + HOUR)
    app.run("select rota.resume('schedule', 'job')")
    fire(app)

    assert slots(app) == [(f"12:{n}0" if n < 6 else "13:00", "skipped") for n in range(1, 7)]
    assert live_runs(app) == 0
    assert next_at(app) == NOON.replace(hour=13, minute=10, second=0)


def test_a_pause_that_ended_while_nobody_looked_skips_only_its_own_slots(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "*/10 * * * *", overlap="allow", misfire="run_all")
    app.run("select rota.pause('schedule', 'job', until => %s)", NOON + 25 * MINUTE)
    set_clock(app, NOON + 40 * MINUTE)
    fire(app)

    assert slots(app) == [
        ("12:10", "skipped"),
        ("12:20", "skipped"),
        ("12:30", "started"),
        ("12:40", "started"),
    ]


def test_a_pause_survives_a_redefinition_and_a_drop_ends_it(app: Clone) -> None:
    define(app, "* * * * *")
    app.run("select rota.pause('schedule', 'job', reason => 'holidays')")
    define(app, "*/5 * * * *")
    seen = "select s.paused, s.pause_reason from rota.schedules as s"
    assert app.run(seen) == [(True, "holidays")]

    app.run("select rota.drop_schedule('job')")
    define(app, "*/5 * * * *")
    assert app.run(seen) == [(False, None)]


@pytest.mark.parametrize(
    ("overlap", "outcomes", "runs"),
    [
        ("skip", ["started", "skipped", "skipped"], 1),
        ("queue", ["started", "waiting", "waiting"], 1),
        ("allow", ["started", "started", "started"], 3),
    ],
)
def test_overlap(app: Clone, overlap: str, outcomes: list[str], runs: int) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", overlap=overlap)
    for minute in (1, 2, 3):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
    assert [outcome for _, outcome in slots(app)] == outcomes
    assert live_runs(app) == runs


def test_queued_slots_start_as_runs_end(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", overlap="queue")
    for minute in (1, 2, 3):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
    for started in (2, 3):
        end_runs(app)
        assert fire(app) == 1
        assert fire(app) == 0
        assert [outcome for _, outcome in slots(app)].count("started") == started

    app.run("select rota.pause('schedule', 'job')")
    end_runs(app)
    assert fire(app) == 0


def test_sessions_that_look_at_once_start_one_of_the_waiting(app: Clone) -> None:
    names = [f"job{n}" for n in range(30)]
    set_clock(app, NOON)
    for name in names:
        define(app, "* * * * *", name, overlap="queue")
    for minute in (1, 2, 3):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
    end_runs(app)

    # The first session has seen all 30 waiting, has some in hand, and is held up.
    app.run(
        "create function public.hold() returns trigger language plpgsql as $$"
        " begin perform pg_advisory_xact_lock_shared(4711); return new; end $$;"
        "create trigger hold before insert on rota_core.run for each row"
        " when (current_setting('application_name') = 'held') execute function public.hold()"
    )
    with app.connect("postgres", autocommit=False) as gate:
        gate.execute("select pg_advisory_xact_lock(4711)")
        held = app.start("set application_name = 'held'; select rota_core.fire_due()")
        wait_until(
            lambda: app.value("select count(*) from pg_locks where objid = 4711 and not granted"),
            what="the first session to wait",
        )
        doorbell = "select rota_core.fire_due(%s)"
        others = sum(app.value(doorbell, name, user="rota_worker") for name in names)
        assert 0 < others < 30
    assert held.join() is None
    assert app.run("select r.origin from rota_core.run as r group by 1 having count(*) > 1") == []
    assert live_runs(app) == 30


def test_a_manual_start_is_no_slot_but_counts_as_overlap(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    app.run("select rota.pause('schedule', 'job')")
    run_id = app.value("select rota.start_schedule('job')")
    assert app.run("select r.run_id, r.origin from rota_core.run as r") == [
        (run_id, "schedule:job")
    ]
    assert slots(app) == []

    app.run("select rota.resume('schedule', 'job')")
    set_clock(app, NOON + MINUTE)
    fire(app)
    assert slots(app) == [("12:01", "skipped")]
