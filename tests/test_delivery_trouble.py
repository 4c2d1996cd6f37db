"""One bad event ends alone, and a reader that is stopped or shut out loses nothing."""

from __future__ import annotations

import time

import pytest

from harness import Clone, wait_until
from support_crash import RECOVER, Crew
from support_event import (
    delivered,
    drain,
    emit,
    emit_many,
    handler,
    open_session,
    prepare,
    subscribe,
)
from support_worker import GATE, held, wait_at

PASS = f"perform pg_advisory_xact_lock_shared({GATE}, 1);"


def bad_event(app: Clone, body: str, kind: str, **options: object) -> list[int]:
    """Events of which the 100th does its worst, and what is left of the others."""
    inner = {
        "call": f"if v_n = 100 then {body} end if;",
        "batch": "if exists (select from jsonb_array_elements(events) as e"
        f" where e -> 'payload' ->> 'n' = '100') then {body} end if;",
    }
    ordered = options.pop("ordered", False)
    task = handler(app, "note", kind, inner[kind], max_attempts=2, initial_delay="0 s", **options)
    subscribe(app, task, "orders", mode="batch" if kind == "batch" else "event", ordered=ordered)
    emit_many(app, "orders", 400, keys=50)
    with Crew(app, workers=1):
        wait_until(
            lambda: app.value("select s.dead from rota.subscriptions as s"), 60, what="dead letter"
        )
        wait_until(
            lambda: app.value("select not exists (select from rota_core.run) and s.lag = '0'"
                              " from rota.subscriptions as s"),
            20, what="the others",
        )  # fmt: skip
    return delivered(app)


@pytest.mark.parametrize("kind", ["call", "batch"])
def test_an_event_that_takes_its_worker_down_ends_alone(database: Clone, kind: str) -> None:
    app = prepare(database)
    left = bad_event(app, "perform pg_terminate_backend(pg_backend_pid());", kind)
    assert sorted(left) == [n for n in range(400) if n != 100]
    (dead,) = app.run("select d.attempts, d.error ->> 'sqlstate' from rota.dead_letters as d")
    assert dead == (2, "RT003")
    # Its attempts, and one more to find it among the others.
    assert app.value("select count(*) from rota.attempts where outcome = 'lost' and charged") == 3


@pytest.mark.parametrize("ordered", [False, True])
def test_an_event_that_takes_too_long_ends_alone(database: Clone, ordered: bool) -> None:
    app = prepare(database)
    left = bad_event(app, "perform pg_sleep(60);", "call", timeout="0.5 s", ordered=ordered)
    waiting = range(150, 400, 50) if ordered else []
    assert sorted(left) == [n for n in range(400) if n != 100 and n not in waiting]
    (dead,) = app.run("select d.attempts, d.error ->> 'message' from rota.dead_letters as d")
    assert dead == (2, "timed out after 00:00:00.5")
    assert app.value("select s.waiting from rota.subscriptions as s") == len(waiting)
    assert app.value("select count(*) from rota.attempts where outcome = 'timeout'") == 3
    # After that as many at a time as before.
    assert app.value("select coalesce(p.trial_size, 0) < 500 from rota_core.event_position as p")


def test_slow_events_need_not_fit_into_one_timeout(database: Clone) -> None:
    app = prepare(database)
    task = handler(app, "note", body="perform pg_sleep(0.05);", timeout="2 s", max_attempts=1)
    subscribe(app, task, "orders")
    emit_many(app, "orders", 100)
    with Crew(app, workers=1):
        wait_until(lambda: len(delivered(app)) == 100, 30, what="all of them")
    assert app.value("select count(*) from rota.attempts where outcome = 'timeout'") == 0
    assert app.value("select s.dead from rota.subscriptions as s") == 0


def test_a_reader_that_is_cancelled_goes_on_later(database: Clone) -> None:
    app = prepare(database)
    subscribe(app, handler(app, "note", body=f"if v_n = 3 then {PASS} end if;"), "orders")
    emit_many(app, "orders", 6)
    running = "select r.run_id from rota_core.run as r where r.origin = 'subscription:note:0'"
    with held(app):
        app.work(budget="60 s")
        app.supervise()
        wait_at(app)
        app.run("select rota.cancel(%s)", app.value(running))
        wait_until(lambda: not app.value(running), what="the cancel")
    wait_until(lambda: delivered(app) == list(range(6)), what="the next reader")

    # And one that waited in the queue.
    with held(app):
        emit(app, "orders", 3)
        emit(app, "orders", 7)
        wait_at(app)
    wait_until(lambda: len(delivered(app)) == 8, what="two more")
    app.run("select rota.pause('lane', 'default')")
    emit(app, "orders", 8)
    wait_until(lambda: app.value(running), what="a reader")
    assert app.value("select rota.cancel(%s)", app.value(running)) == "cancelled"
    app.run("select rota.resume('lane', 'default')")
    wait_until(lambda: 8 in delivered(app), what="the event behind it")


def test_a_reader_that_failed_for_good_goes_on_later(database: Clone) -> None:
    app = prepare(database)
    subscribe(app, handler(app, "note"), "orders")
    app.run("update rota_core.task set max_attempts = 1 where task = 'subscription:note'")
    app.run("drop function app.note(jsonb) cascade")
    body = f"if v_n = 1 then {PASS} end if;"
    handler(app, "note", body=body)
    emit_many(app, "orders", 3)
    with held(app):
        worker = app.work()
        app.start(RECOVER)
        wait_at(app)
        worker.terminate()
        wait_until(
            lambda: app.value("select true from rota.runs where state = 'failed'"), what="the end"
        )
    wait = app.value("select p.wake_at - clock_timestamp() from rota_core.event_position as p")
    assert 30 < wait.total_seconds() <= 60
    app.run("update rota_core.event_position set wake_at = clock_timestamp()")
    app.work()
    wait_until(lambda: delivered(app) == [0, 1, 2], what="the next reader")


def test_who_finds_a_position_locked_looks_again(database: Clone) -> None:
    app = prepare(database)
    subscribe(app, handler(app, "note"), "orders")
    app.work()
    with app.connect(autocommit=False) as admin:
        admin.execute("select rota.replay_subscription('note', since => now())")
        emit(app, "orders", 0)
        time.sleep(0.3)
        admin.rollback()
    wait_until(lambda: delivered(app) == [0], what="what came meanwhile")


@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_a_reader_that_finds_its_position_locked_waits_or_comes_again(
    database: Clone, seconds: float
) -> None:
    app = prepare(database)
    subscribe(app, handler(app, "note"), "orders")
    app.work()
    app.run("select rota.pause('lane', 'default')")
    emit(app, "orders", 0)
    wait_until(lambda: app.value("select count(*) from rota_core.run"), what="a reader")
    with app.connect(autocommit=False) as admin:
        admin.execute("select from rota_core.event_position for update")
        app.run("select rota.resume('lane', 'default')")
        time.sleep(seconds)
        admin.rollback()
    wait_until(lambda: delivered(app) == [0], what="what came meanwhile")
    gave_up = app.run(
        "select a.error ->> 'sqlstate' from rota.attempts as a where a.error is not null"
    )
    assert gave_up == ([("55P03",)] if seconds > 1 else [])


def test_a_dead_letter_that_is_redriven_waits_for_those_before_it(database: Clone) -> None:
    app = prepare(database)
    subscribe(app, handler(app, "note", max_attempts=1), "orders", ordered=True)
    app.run("insert into app.bad values (2)")
    emit_many(app, "orders", 4, keys=1)
    drain(app)
    assert delivered(app) == [0, 1]
    # And now the first is dead too.
    app.run("update app.bad set n = 0")
    app.run("select rota.replay_subscription('note', since => now() - interval '1 day')")
    drain(app)
    app.run("truncate app.bad")
    last = app.value("select max(d.event_id) from rota.dead_letters as d")
    assert app.value("select rota.redrive_dead_letters('note', %s)", [last]) == 1
    drain(app)
    assert delivered(app) == [0, 1]
    app.run("select rota.redrive_dead_letters('note')")
    drain(app)
    assert delivered(app) == [0, 1, 0, 1, 2, 3]


def test_a_straggler_does_not_wait_for_a_later_one_of_its_key(database: Clone) -> None:
    app = prepare(database)
    task = handler(app, "note", max_attempts=50, initial_delay="0.1 s", backoff_factor=1)
    subscribe(app, task, "orders", ordered=True)
    app.run("insert into app.bad values (1)")
    with open_session(app) as late:
        emit(late, "orders", 0, "k")
        emit(app, "orders", 1, "k")
        drain(app)
        late.commit()
    emit(app, "orders", 2, "k")
    drain(app)
    assert delivered(app) == [0]
    app.run("truncate app.bad")
    wait_until(lambda: drain(app) or delivered(app) == [0, 1, 2], what="the others")
