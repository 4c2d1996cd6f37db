"""No slot twice and none lost: sessions that interfere, clocks that jump, servers that stop."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from pgrota.server import Server
from support_crash import is_end_of_session
from support_schedule import (
    HOUR,
    MINUTE,
    NOON,
    define,
    fire,
    live_runs,
    next_at,
    prepare,
    set_clock,
    slots,
)

DAY = timedelta(days=1)
# Minutes up to the clock's latest time that no row stands for.
LOST = """
select g.minute
from generate_series(%s::timestamptz, %s, interval '1 minute') as g (minute)
where not exists (
  select from rota_core.slot as s
  where s.schedule = %s and (s.slot = g.minute or g.minute between s.slot and s.through)
)
limit 3
"""
TWICE = """
select r.origin, count(*), count(distinct s.slot)
from rota_core.run as r
left join rota_core.slot as s using (run_id)
where r.run_id not in (select h.run_id from public.by_hand as h)
group by r.origin
having count(*) <> count(distinct s.slot)
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    return furnish(database)


def furnish(database: Clone) -> Clone:
    database.run("create table public.by_hand (run_id bigint)")
    return prepare(database)


class Storm:
    """Statements that sessions repeat, each in its own, until the end of a `with` block."""

    def __init__(self, app: Clone, *statements: str, user: str = "postgres") -> None:
        self.app = app
        self.user = user
        self.errors: list[psycopg.Error] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(parts.split(";"),)) for parts in statements
        ]

    def _repeat(self, statements: list[str]) -> None:
        try:
            with self.app.connect(self.user) as connection:
                for statement in itertools.cycle(statements):
                    if self._stop.is_set():
                        return
                    connection.execute(statement)
                    time.sleep(0.002)
        except psycopg.Error as error:
            self.errors.append(error)

    def __enter__(self) -> Storm:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


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
    assert app.value("select count(*) from public.by_hand") > 10


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


@pytest.mark.parametrize(
    ("policy", "outcomes"),
    [
        ({"misfire": "run_once"}, {"missed": 179, "started": 1}),
        ({"misfire": "skip"}, {"missed": 179, "started": 1}),
        ({"misfire": "run_all", "max_catchup": 5}, {"missed": 174, "waiting": 5, "skipped": 1}),
    ],
)
def test_policies_when_sessions_find_the_outage_at_once(
    app: Clone, policy: dict[str, Any], outcomes: dict[str, int]
) -> None:
    """A run of before the outage is still there for run_all, which then waits for it."""
    set_clock(app, NOON)
    define(app, "* * * * *", **policy)
    if policy["misfire"] == "run_all":
        app.run("select rota.start_schedule('job')")
    set_clock(app, NOON + 3 * HOUR)
    dispatchers = [
        app.start("select rota_core.fire_due()" if n % 2 else "select rota_core.fire_due('job')")
        for n in range(6)
    ]
    assert [dispatcher.join() for dispatcher in dispatchers] == [None] * 6
    found = app.run("select s.outcome, count(*) from rota.slots as s group by s.outcome")
    assert dict(found) == outcomes
    assert live_runs(app) == 1


def test_a_server_that_was_down_for_three_hours(
    harness: Harness, make_server: Callable[..., Server]
) -> None:
    app = furnish(harness.clone(make_server(durable=True)))
    policies = ("run_once", "skip", "run_all")
    for misfire in policies:
        define(app, "* * * * *", misfire, misfire=misfire, overlap="allow", max_catchup=7)
    supervisor = app.supervise()
    app.server.stop("fast")
    assert is_end_of_session(supervisor.join())

    # The outage is put into the past, instead of waiting for its end.
    app.server.start()
    down: datetime = app.value("select date_trunc('hour', clock_timestamp()) - interval '3 h'")
    app.run("update rota_core.schedule set next_at = %s", down)
    app.supervise()
    wait_until(
        lambda: app.value("select bool_and(next_at > clock_timestamp()) from rota_core.schedule"),
        what="the supervisor to catch up",
    )
    by_policy = {
        policy: dict(app.run(
            "select s.outcome, count(*) from rota.slots as s where s.schedule = %s"
            " and s.slot < date_trunc('minute', clock_timestamp()) - interval '1 minute'"
            " group by 1", policy,
        ))
        for policy in policies
    }  # fmt: skip
    assert "started" not in by_policy["run_once"]
    assert "started" not in by_policy["skip"]
    assert by_policy["run_all"]["started"] in (5, 6, 7)
    assert (
        app.value(
            "select count(*) from rota.slots where schedule = 'run_once' and outcome = 'started'"
        )
        >= 1
    )
    for policy in policies:
        assert app.run(LOST, down, app.value(
            "select date_trunc('minute', next_at) - interval '1 minute' from rota.schedules"
            " where name = %s", policy,
        ), policy) == []  # fmt: skip
    assert app.run(TWICE) == []


def test_a_server_that_is_killed_while_slots_fire(crash_database: Clone, long: bool) -> None:
    app = prepare(crash_database)
    app.run(
        "select rota.define_schedule('s' || i, '@every 1 second', 'work', overlap => 'allow')"
        " from generate_series(1, 50) as i"
    )
    chance = random.Random(3)
    for _ in range(12 if long else 3):
        with Storm(
            app,
            *["select rota_core.fire_due();commit"] * 2,
            *["select rota_core.fire_due('s1')"] * 2,
            user="rota_worker",
        ) as storm:
            before = app.value("select count(*) from rota_core.slot")
            wait_until(
                lambda before=before: app.value("select count(*) from rota_core.slot") > before,
                what="slots to fire",
            )
            # Somewhere in the second round.
            time.sleep(chance.uniform(0, 1.1))
            app.server.kill()
        assert all(is_end_of_session(error) for error in storm.errors)
        app.server.start()
    wait_until(lambda: fire(app) == 0, what="all that is due")

    gaps, fired, runs = app.run(
        "select count(*) filter (where gap <> '1 second'), count(*), count(distinct run_id)"
        " from (select s.*, s.slot - lag(s.slot) over (partition by schedule order by slot) as gap"
        " from rota_core.slot as s) as s"
    )[0]
    assert (gaps, runs) == (0, fired)
    assert live_runs(app) == fired
