"""Each slot once: whoever fires it, and whatever happens meanwhile."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import psycopg
import pytest

from harness import Clone, wait_until
from support_schedule import (
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


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def test_many_dispatchers_fire_each_slot_once(app: Clone) -> None:
    app.run(
        "select rota.define_schedule('s' || i, '@every 1 second', 'work', overlap => 'allow')"
        " from generate_series(1, 100) as i"
    )
    until = time.monotonic() + 4
    errors: list[Exception] = []

    def dispatch(statement: str) -> None:
        try:
            with app.connect("rota_worker") as connection:
                while time.monotonic() < until:
                    connection.execute(statement)
                    time.sleep(0.01)
        except psycopg.Error as error:
            errors.append(error)

    supervisors = ["select rota_core.fire_due()"] * 2
    doorbells = [f"select rota_core.fire_due('s{n}')" for n in (1, 2, 3)]
    threads = [threading.Thread(target=dispatch, args=(s,)) for s in supervisors + doorbells]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    fired, started, gaps, dispatchers = app.run(
        "select count(*), count(distinct run_id), count(*) filter (where gap <> '1 second'),"
        " count(distinct fired_by)"
        " from (select s.*, s.slot - lag(s.slot) over (partition by schedule order by slot) as gap"
        " from rota_core.slot as s) as s"
    )[0]
    assert fired >= 300
    assert (started, gaps, dispatchers) == (fired, 0, 2)
    assert live_runs(app) == fired


def test_a_slot_in_hand_elsewhere_is_left_to_that_session(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    set_clock(app, NOON + MINUTE)

    with app.connect("rota_worker", autocommit=False) as first:
        assert first.execute("select rota_core.fire_due()").fetchone() == (1,)
        assert fire(app) == 0
        assert app.value("select rota_core.fire_due('job')") == 0
        first.commit()
    assert fire(app) == 0
    assert slots(app) == [("12:01", "started")]
    assert live_runs(app) == 1


def test_a_crash_before_the_commit_undoes_the_slot_and_its_run(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    set_clock(app, NOON + MINUTE)

    dying = app.connect("rota_worker", autocommit=False)
    dying.execute("select rota_core.fire_due()")
    app.run("select pg_terminate_backend(%s)", dying.info.backend_pid)
    wait_until(lambda: fire(app) == 1, what="the slot to be free again")

    assert slots(app) == [("12:01", "started")]
    assert live_runs(app) == 1


def test_a_redefinition_waits_for_the_dispatcher_and_fires_nothing_twice(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    set_clock(app, NOON + MINUTE)

    with app.connect("rota_worker", autocommit=False) as first:
        first.execute("select rota_core.fire_due()")
        redefining = app.start(
            "select rota.define_schedule('job', '*/5 * * * *', 'work')", "postgres"
        )
        wait_until(
            lambda: app.value(
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                redefining.pid,
            ),
            what="the redefinition to wait",
        )
        first.commit()
    assert redefining.join() is None
    assert fire(app) == 0
    assert slots(app) == [("12:01", "started")]
    assert next_at(app) == NOON.replace(minute=5, second=0)


def test_a_slot_that_is_due_when_redefined_is_not_lost(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    set_clock(app, NOON + MINUTE)
    define(app, "0 3 * * *")

    assert slots(app) == [("12:01", "started")]
    assert next_at(app) == NOON.replace(day=2, hour=3, minute=0, second=0)


def test_a_clock_that_jumps_back_fires_nothing_again(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", overlap="allow")
    for minute in range(1, 4):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)
    set_clock(app, NOON)
    assert fire(app) == 0
    define(app, "* * * * *", overlap="allow")
    for minute in range(1, 5):
        set_clock(app, NOON + minute * MINUTE)
        fire(app)

    assert slots(app) == [(f"12:0{minute}", "started") for minute in range(1, 5)]
    assert live_runs(app) == 4


def test_slots_less_than_a_minute_late_are_all_fired(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "@every 10 seconds", overlap="allow")
    set_clock(app, NOON + timedelta(seconds=35))
    fire(app)
    assert [outcome for _, outcome in slots(app)] == ["started"] * 3


def test_one_that_cannot_start_does_not_stop_the_others(app: Clone) -> None:
    set_clock(app, NOON)
    for name in ("a", "b", "c"):
        define(app, "* * * * *", name)
    app.run(
        "create function public.refuse() returns trigger language plpgsql as $$"
        " begin raise 'not today'; end $$;"
        "create trigger refuse before insert on rota_core.run for each row"
        " when (new.origin = 'schedule:b') execute function public.refuse()"
    )
    set_clock(app, NOON + MINUTE)
    assert fire(app) == 3

    assert [slots(app, name)[0][1] for name in ("a", "b", "c")] == ["started", "failed", "started"]
    assert app.value("select s.last_reason from rota.schedules as s where s.name = 'b'") == (
        "P0001: not today"
    )
    assert app.value("select count(*) from rota.logs where level = 'error'") == 1
    assert fire(app) == 0


def test_a_moment_of_trouble_costs_no_slot(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *")
    app.run(
        "create function public.jam() returns trigger language plpgsql as $$"
        " begin raise sqlstate '40001'; end $$;"
        "create trigger jam before insert on rota_core.run"
        " for each row execute function public.jam()"
    )
    set_clock(app, NOON + MINUTE)
    with pytest.raises(psycopg.errors.SerializationFailure):
        fire(app)
    app.run("drop trigger jam on rota_core.run")
    assert fire(app) == 1
    assert slots(app) == [("12:01", "started")]


def test_a_zone_that_vanished_stops_its_own_schedule_only(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", "gone", timezone="Europe/Berlin")
    define(app, "* * * * *")
    app.run("update rota_core.schedule set timezone = 'Mars/Olympus' where schedule = 'gone'")
    set_clock(app, NOON + MINUTE)
    fire(app)

    assert slots(app) == [("12:01", "started")]
    assert slots(app, "gone") == [("12:01", "failed")]
    assert app.value("select next_at::text from rota_core.schedule where schedule = 'gone'") == (
        "infinity"
    )


def test_the_supervisor_fires_by_itself(app: Clone) -> None:
    define(app, "@every 1 second", overlap="allow")
    app.supervise()
    wait_until(lambda: len(slots(app)) >= 3, what="three slots")
    late = app.value("select max(s.fired_at - s.slot) from rota.slots as s")
    assert late < timedelta(seconds=3)
