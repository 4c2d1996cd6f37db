"""Schedules that have not succeeded in time: who notices, once, and what ends it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from harness import Clone, wait_until
from support_schedule import HOUR, MINUTE, NOON, define, fire, prepare, set_clock, slots

CHECK = "select rota_core.check_deadlines()"
MISSED = "select m.schedule, m.closed_by from rota.missed_deadlines as m order by m.opened_at"


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def check(app: Clone) -> int:
    return app.value(CHECK, user="rota_worker")


def miss(app: Clone, names: list[str], **policy: Any) -> None:
    """Past the deadline of the one slot that each of these had, before anybody looked."""
    set_clock(app, NOON)
    for name in names:
        define(app, "0 13 * * *", name, deadline="10 min", **policy)
    check(app)
    set_clock(app, NOON + HOUR)
    fire(app)
    set_clock(app, NOON + 2 * HOUR)


def open_records(app: Clone) -> int:
    return app.value("select count(*) from rota.missed_deadlines as m where m.closed_at is null")


def test_the_supervisor_opens_a_record_and_the_next_success_closes_it(app: Clone) -> None:
    app.run(
        "create or replace function public.work(input jsonb) returns void language plpgsql"
        " as $$ begin raise 'not today'; end $$"
    )
    define(app, "@every 1 second", deadline="1 second", overlap="allow")
    app.supervise()
    app.work()
    wait_until(lambda: open_records(app), what="a record")
    assert app.value("select h.status from rota.health as h where check_name = 'deadlines'") == (
        "critical"
    )

    app.run(
        "create or replace function public.work(input jsonb) returns void language sql as 'select'"
    )
    closed_by = wait_until(
        lambda: app.value("select min(m.closed_by) from rota.missed_deadlines as m"),
        what="its end",
    )
    assert app.value("select r.state from rota.runs as r where r.run_id = %s", closed_by) == (
        "succeeded"
    )
    assert app.value("select s.last_success_at is not null from rota.schedules as s")


def test_a_manual_start_that_succeeds_closes_it(app: Clone) -> None:
    miss(app, ["job"])
    check(app)
    assert app.run(MISSED) == [("job", None)]
    run_id = app.value("select rota.start_schedule('job')")
    set_clock(app, NOON + 3 * HOUR)
    app.run("select rota.cancel(r.run_id) from rota_core.run as r where r.run_id <> %s", run_id)
    app.work()
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0, what="its end")
    check(app)
    assert app.run(MISSED) == [("job", run_id)]


def test_two_supervisors_that_check_at_once_open_one_record(app: Clone) -> None:
    miss(app, ["job"])
    with app.connect("rota_worker", autocommit=False) as first:
        assert first.execute(CHECK).fetchone() == (1,)
        assert check(app) == 0
        first.commit()
    assert check(app) == 0
    assert app.run(MISSED) == [("job", None)]


def test_many_that_check_at_once_open_and_close_each_once(app: Clone) -> None:
    names = [f"job{n}" for n in range(40)]
    miss(app, names)
    errors: list[Exception] = []
    gate = threading.Barrier(4)

    def checker() -> None:
        try:
            with app.connect("rota_worker") as connection:
                for _ in range(2):
                    gate.wait(30)
                    for _ in range(5):
                        connection.execute(CHECK)
                    gate.wait(30)
        except (psycopg.Error, threading.BrokenBarrierError) as error:
            errors.append(error)

    threads = [threading.Thread(target=checker) for _ in range(3)]
    for thread in threads:
        thread.start()
    gate.wait(30)
    gate.wait(30)
    opened = open_records(app)
    set_clock(app, NOON + 3 * HOUR)
    app.run(
        "with gone as (delete from rota_core.run returning *)"
        " insert into rota_core.finished_run (run_id, task, lane, state, priority, run_at, input,"
        " attempt, charged, finished_at, created_at, created_by, tags, origin)"
        " select run_id, task, lane, 'succeeded', 0, run_at, input, 1, 1,"
        " rota_core.wall_clock(), created_at, created_by, tags, origin from gone"
    )
    gate.wait(30)
    gate.wait(30)
    for thread in threads:
        thread.join()

    assert not errors
    assert opened == 40
    assert len(app.run(MISSED)) == 40
    assert open_records(app) == 0
    assert app.run(
        "select l.level, count(*)::int from rota.logs as l where l.component = 'schedule'"
        " group by 1 order by 1"
    ) == [("error", 40), ("info", 40)]


def test_a_schedule_dropped_while_it_is_judged_leaves_no_open_record(app: Clone) -> None:
    miss(app, ["job"])
    with app.connect("rota_worker", autocommit=False) as judging:
        judging.execute(CHECK)
        dropping = app.start("select rota.drop_schedule('job')", "postgres")
        wait_until(
            lambda: app.value(
                "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s",
                dropping.pid,
            ),
            what="the drop to wait",
        )
        judging.commit()
    assert dropping.join() is None
    assert open_records(app) == 0
    assert len(app.run(MISSED)) == 1


def test_a_slot_fired_while_deadlines_are_checked_is_not_taken_as_dealt_with(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "* * * * *", deadline="10 s")
    set_clock(app, NOON + MINUTE)
    with app.connect("rota_worker", autocommit=False) as firing:
        firing.execute("select rota_core.fire_due()")
        check(app)
        firing.commit()
    assert slots(app) == [("12:01", "started")]
    check(app)
    assert open_records(app) == 1


def test_trouble_with_deadlines_keeps_the_supervisor_from_nothing(app: Clone) -> None:
    app.run(
        "create or replace function rota_core.check_deadlines() returns int language plpgsql"
        " as $$ begin raise 'out of order'; end $$"
    )
    define(app, "@every 1 second", overlap="allow")
    app.supervise()
    wait_until(lambda: len(slots(app)) >= 3, what="three slots")
    trouble = "select l.message from rota.logs as l where l.level = 'error'"
    wait_until(lambda: app.value(trouble), what="the trouble to be logged")
    assert app.value(trouble) == "supervisor: check_deadlines failed: out of order"


def test_what_history_forgets_is_not_forgotten(app: Clone) -> None:
    set_clock(app, NOON)
    define(app, "0 13 * * *", deadline="10 min")
    app.run(
        "insert into rota_core.finished_run (run_id, task, lane, state, priority, run_at, input,"
        " attempt, charged, finished_at, created_at, created_by, tags, origin)"
        " values (-1, 'work', 'default', 'succeeded', 0, 'epoch', '{}', 1, 1, %s, 'epoch', 'x',"
        " '{}', 'schedule:job')",
        NOON + HOUR + MINUTE,
    )
    set_clock(app, NOON + HOUR)
    fire(app)
    set_clock(app, NOON + HOUR + 10 * MINUTE)
    check(app)
    app.run("delete from rota_core.finished_run")
    set_clock(app, NOON + timedelta(days=1, hours=2))
    fire(app)
    check(app)
    assert app.value("select m.message from rota.missed_deadlines as m") == (
        "job has not succeeded since 2026-01-01 13:01:30 UTC"
    )


def test_a_deadline_of_days_is_as_long_in_every_session(app: Clone) -> None:
    """Not as long as a day is where the session's clock changes."""
    app.run("alter database " + app.name + " set timezone = 'Europe/Berlin'")
    set_clock(app, NOON.replace(month=3, day=28))
    define(app, "0 13 * * *", deadline="1 day")
    set_clock(app, NOON.replace(month=3, day=28, hour=13))
    fire(app)
    set_clock(app, NOON.replace(month=3, day=29, hour=13))
    check(app)
    assert app.value("select m.due_at - m.slot from rota.missed_deadlines as m") == 24 * HOUR
