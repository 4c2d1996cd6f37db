"""No slot twice and none lost: sessions that interfere, and clocks that jump."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from harness import Clone, wait_until
from support_schedule import HOUR, MINUTE, NOON, define, fire, live_runs, next_at, set_clock, slots
from support_storm import LOST, TWICE, Storm, furnish

DAY = timedelta(days=1)


@pytest.fixture
def app(database: Clone) -> Clone:
    return furnish(database)


def jumps(long: bool) -> list[timedelta]:
    """How far the clock goes each time: mostly on, sometimes an hour, a day or months either
    way. An hour back is what a clock in local time does, some seconds what NTP does."""
    chance = random.Random(7)
    usual = [10, 20, 30, 60, 61]
    steps = [timedelta(seconds=chance.choice(usual)) for _ in range(400 if long else 60)]
    for far in (-5, -70, 3600, -3600, 86_400, -86_400, 90 * 86_400, -90 * 86_400, -3, 7200):
        steps.insert(chance.randrange(len(steps)), timedelta(seconds=far))
    return steps


def test_slots_while_everybody_interferes_and_the_clock_jumps(app: Clone, long: bool) -> None:
    set_clock(app, NOON)
    names = ["rung", "redefined", "paused", "plain"]
    for name in names:
        define(app, "* * * * *", name, overlap="allow", misfire="run_all")
    redefine = "select rota.define_schedule('redefined', '{}', 'work', overlap => 'allow')"
    now, latest = NOON, NOON
    with (
        Storm(app, *["select rota_core.fire_due()"] * 2, user="rota_worker") as supervisors,
        Storm(
            app,
            "select rota_core.fire_due('rung');select rota_core.fire_due('redefined')",
            "select rota_core.fire_due('paused');select rota_core.fire_due('rung')",
            "select rota_core.mend_schedules()",
            "insert into public.by_hand select rota.start_schedule('rung')",
            f"{redefine.format('* * * * *')};{redefine.format('*/1 * * * *')}",
            "select rota.pause('schedule', 'paused');select rota.resume('schedule', 'paused')",
        ) as others,
    ):
        for step in jumps(long):
            now += step
            latest = max(latest, now)
            set_clock(app, now)
            time.sleep(0.02)
    assert supervisors.errors + others.errors == []

    # At last the clock goes on past all that it ever showed.
    set_clock(app, latest + MINUTE)
    app.run("select rota.resume('schedule', 'paused')")
    wait_until(lambda: fire(app) == 0, what="all that is due")
    for name in names:
        assert app.run(LOST, NOON + timedelta(seconds=30), latest, name) == [], name
    assert app.run(TWICE) == []
    assert app.run("select l.message from rota.logs as l where l.level = 'error'") == []
    assert app.value("select count(*) from public.by_hand") > 10


@pytest.mark.parametrize(
    "statement",
    [
        "select rota.define_schedule('job', '*/1 * * * *', 'work')",
        "select rota.resume('schedule', 'job')",
    ],
)
def test_a_clock_put_back_while_a_schedule_waits_for_its_lock(app: Clone, statement: str) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    app.run("select rota.pause('schedule', 'job')")
    set_clock(app, NOON + HOUR)
    with app.connect("postgres", autocommit=False) as first:
        first.execute("select from rota_core.schedule for update")
        second = app.start(statement, "postgres")
        waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        wait_until(lambda: app.value(waits, second.pid), what="the other session to wait")
        set_clock(app, NOON)
        first.commit()
    assert second.join() is None
    assert next_at(app) == NOON.replace(minute=1, second=0)


@pytest.mark.parametrize("reading", range(1, 6))
@pytest.mark.parametrize(
    "statement",
    [
        "select rota.define_schedule('job', '*/1 * * * *', 'work', overlap => 'allow')",
        "select rota.resume('schedule', 'job')",
        "select rota_core.fire_due()",
        "select rota_core.mend_schedules()",
    ],
)
def test_a_clock_that_is_back_for_one_reading(app: Clone, statement: str, reading: int) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", overlap="allow")
    if "resume" in statement:
        app.run("select rota.pause('schedule', 'job')")
    app.run("create sequence public.reading")
    app.run("grant usage on sequence public.reading to public")
    app.run(
        "create or replace function rota_core.wall_clock() returns timestamptz language sql"
        " set search_path = pg_catalog, pg_temp"
        " as $$ select case nextval('public.reading')"
        f" when {reading} then timestamptz '{NOON}' else timestamptz '{NOON + HOUR}' end $$"
    )
    app.run(statement)
    latest = NOON + HOUR + MINUTE
    set_clock(app, latest)
    wait_until(lambda: fire(app) == 0, what="all that is due")
    assert app.run(LOST, NOON + timedelta(seconds=30), latest, "job") == []
    assert app.run(TWICE) == []


def test_slots_that_are_passed_over_again(app: Clone) -> None:
    """The thousandth that was passed over stands for the others; it is there the second time."""
    set_clock(app, NOON)
    define(app, "* * * * *", overlap="allow")
    for latest in (NOON + DAY, NOON + DAY + 5 * MINUTE):
        app.run("update rota_core.schedule set next_at = %s", NOON + timedelta(seconds=30))
        set_clock(app, latest)
        fire(app)
        assert app.run(LOST, NOON + timedelta(seconds=30), latest, "job") == []
    assert app.run(TWICE) == []


@pytest.mark.parametrize("ahead", [HOUR, DAY, 90 * DAY])
@pytest.mark.parametrize("misfire", ["run_once", "skip", "run_all"])
def test_a_clock_that_was_ahead_and_is_put_back(app: Clone, ahead: timedelta, misfire: str) -> None:
    """What a machine does that starts with a wrong clock and is then told the time."""
    set_clock(app, NOON)
    define(app, "* * * * *", misfire=misfire, overlap="allow")
    set_clock(app, NOON + ahead)
    fire(app)
    define(app, "@every 1 minute", "defined-then", overlap="allow")
    started = live_runs(app)
    set_clock(app, NOON + timedelta(seconds=20))
    assert app.value("select rota_core.mend_schedules()") == 2
    assert app.value("select rota_core.mend_schedules()") == 0
    assert app.run("select l.message from rota.logs as l where l.level = 'warn'") == [
        ("the clock went back: 2 schedules count from now again",)
    ]

    for minute in range(1, 4):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
        assert next_at(app) == (NOON + (minute + 1) * MINUTE).replace(second=0)
    assert slots(app)[:3] == [(f"12:0{minute}", "started") for minute in range(1, 4)]
    assert slots(app, "defined-then") == slots(app)[:3]
    assert live_runs(app) == started + 6

    # When it is there in earnest, what was started then is not started again.
    app.run("update rota_core.schedule set next_at = %s where schedule = 'job'", NOON + ahead)
    set_clock(app, NOON + ahead)
    fire(app)
    assert app.run(TWICE) == []
    assert app.run("select l.message from rota.logs as l where l.level = 'error'") == []
