"""Cancels and timeouts stop the run that is meant, and no other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from harness import Clone, wait_until
from support_worker import (
    all_ended,
    attempts_of,
    define,
    effects,
    ended,
    held,
    outcomes,
    prepare,
    rows,
    run_of,
    start,
    start_many,
    wait_at,
    work_off,
)

GATE_LOCK = 1919906914
STUBBORN = """
loop
  begin
    perform pg_sleep(60);
  exception when query_canceled then
    perform app.note('swallowed');
  end;
end loop;
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def cancel(app: Clone, run_id: int) -> str:
    return app.value("select rota.cancel(%s)", run_id)


def running(app: Clone, run_id: int) -> None:
    """Wait until a worker is in the run's handler."""
    wait_until(
        lambda: app.value(
            "select true from pg_stat_activity where application_name like %s",
            f"rota run {run_id} %",
        ),
        what=f"run {run_id} to run",
    )


@contextmanager
def meanwhile(app: Clone, turn: Callable[[psycopg.Connection], None], user: str) -> Iterator[None]:
    """Repeat something in a thread, in a session of its own; what it raises comes out here."""
    stop, troubles = threading.Event(), []

    def repeat() -> None:
        try:
            with app.connect(user) as session:
                while not stop.is_set():
                    turn(session)
        except Exception as trouble:
            troubles.append(trouble)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert troubles == []


def test_a_queued_run_is_cancelled_at_once(app: Clone) -> None:
    define(app, "quick", "perform app.note('x'); return null;")
    run_id = start(app, "quick")
    assert cancel(app, run_id) == "cancelled"
    work_off(app)
    assert run_of(app, run_id)["state"] == "cancelled"
    assert effects(app, run_id) == []


def test_a_running_run_stops_within_seconds(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform pg_sleep(60); return null;")
    run_id = start(app, "slow")
    worker = app.work()
    app.supervise()
    running(app, run_id)

    began = time.monotonic()
    assert cancel(app, run_id) == "cancelling"
    assert ended(app, run_id)["state"] == "cancelled"
    # The promise is 5 s, on a machine that has nothing else to do.
    assert time.monotonic() - began < 10
    assert effects(app, run_id) == []
    assert outcomes(app, run_id) == [("cancelled", False)]
    assert worker.alive


def test_a_run_past_its_timeout_stops_and_is_tried_again(app: Clone) -> None:
    define(
        app, "slow", "perform app.note('x'); perform pg_sleep(60); return null;",
        timeout="300 ms", max_attempts=2, initial_delay="0 s",
    )  # fmt: skip
    define(app, "quick", "return null;")
    run_id = start(app, "slow")
    worker = app.work()
    app.supervise()

    run = ended(app, run_id)
    assert (run["state"], run["error"]["sqlstate"], run["error"]["message"]) == (
        "failed", "57014", "timed out after 00:00:00.3",
    )  # fmt: skip
    assert outcomes(app, run_id) == [("timeout", True)] * 2
    for attempt in attempts_of(app, run_id):
        assert timedelta(seconds=0.3) < attempt["duration"] < timedelta(seconds=10)
    assert effects(app, run_id) == []
    assert ended(app, start(app, "quick"))["state"] == "succeeded"
    assert worker.alive


CHUNK = """
  perform app.note('chunk');
  if input ? 'pass' then perform app.pass(1); end if;
  perform pg_sleep((input ->> 'seconds')::float);
  return jsonb_build_object('state', '{}', 'done', (select count(*) from app.effect) >= 6);
"""


def test_a_cancelled_chunked_run_keeps_its_committed_chunks(app: Clone) -> None:
    define(app, "chunks", CHUNK, kind="chunked")
    run_id = start(app, "chunks", {"seconds": 0, "pass": True})
    with held(app):
        app.work()
        wait_at(app)
        # Without a supervisor: the next checkpoint sees the request.
        assert cancel(app, run_id) == "cancelling"
    assert ended(app, run_id)["state"] == "cancelled"
    assert effects(app, run_id) == ["chunk"]

    slow = start(app, "chunks", {"seconds": 60})
    app.supervise()
    running(app, slow)
    cancel(app, slow)
    assert ended(app, slow)["state"] == "cancelled"
    assert effects(app, slow) == []


def test_the_timeout_of_a_chunked_run_is_for_each_chunk(app: Clone) -> None:
    define(app, "chunks", CHUNK, kind="chunked", timeout="2 s", max_attempts=1)
    app.supervise()
    app.work()
    run = ended(app, start(app, "chunks", {"seconds": 0.5}))
    assert run["state"] == "succeeded"
    assert run["finished_at"] - run["started_at"] > timedelta(seconds=2.5)


def test_a_handler_that_swallows_cancels_loses_its_backend(app: Clone) -> None:
    define(app, "stubborn", STUBBORN)
    define(app, "stubborn-timeout", STUBBORN, timeout="100 ms", max_attempts=1)
    app.supervise()
    workers = [app.work(), app.work()]
    cancelled, late = start(app, "stubborn"), start(app, "stubborn-timeout")
    running(app, cancelled)
    cancel(app, cancelled)

    assert ended(app, cancelled)["state"] == "cancelled"
    assert ended(app, late)["state"] == "failed"
    for worker in workers:
        assert isinstance(worker.join(), psycopg.errors.AdminShutdown | psycopg.OperationalError)
    assert outcomes(app, cancelled) == [("cancelled", False)]
    assert outcomes(app, late) == [("timeout", True)]
    assert effects(app, cancelled) == effects(app, late) == []


def test_every_cancel_hits_its_run(app: Clone, long: bool) -> None:
    define(app, "victim", "perform app.note('x'); perform pg_sleep(60); return null;")
    define(app, "close", "perform app.note('x'); perform pg_sleep(random() * 0.004); return null;")
    define(app, "innocent", "perform app.note('x'); perform pg_sleep(0.002); return null;")
    count = 1000 if long else 200
    ids = {task: [] for task in ("victim", "close", "innocent")}
    with app.connect(autocommit=False) as session:
        for _ in range(count):
            for task in ids:
                row = session.execute("select s.run_id from rota.start(%s) as s", [task])
                ids[task].append(row.fetchone()[0])

    def ask(session: psycopg.Connection) -> None:
        session.execute(
            "select rota.cancel(r.run_id) from rota_core.run as r"
            " where r.state = 'running' and r.stop_reason is null and r.task <> 'innocent'"
        )
        time.sleep(0.001)

    def stop(session: psycopg.Connection) -> None:
        session.execute("call rota_core.stop_runs()")

    workers = [app.work(), app.work()]
    with meanwhile(app, ask, "postgres"), meanwhile(app, stop, "rota_worker"):
        all_ended(app, timeout=200)

    assert all(worker.alive for worker in workers)
    found = dict(app.run("select run_id, state from rota_core.finished_run"))
    assert {found[i] for i in ids["victim"]} == {"cancelled"}
    assert {found[i] for i in ids["innocent"]} == {"succeeded"}
    assert {found[i] for i in ids["close"]} <= {"cancelled", "succeeded"}
    # One attempt each; one effect where it succeeded, none where it was cancelled.
    with_effect = [row[0] for row in app.run("select run_id from app.effect order by run_id")]
    assert with_effect == sorted(i for i, state in found.items() if state == "succeeded")
    assert app.run("select distinct outcome, charged from rota_core.attempt") == [
        ("cancelled", False)
    ]
    assert app.value("select max(attempt) from rota_core.finished_run") == 1


def test_a_cancel_that_nobody_asked_for_is_not_counted(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform app.pass(1); return null;", max_attempts=1)
    run_id = start(app, "slow")
    with held(app):
        worker = app.work()
        for _ in range(3):
            wait_at(app)
            worker.cancel()
            wait_until(lambda: run_of(app, run_id)["state"] == "queued", what="the interruption")

    assert ended(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == ["x"]
    assert outcomes(app, run_id) == [("interrupted", False)] * 3 + [("succeeded", True)]
    assert worker.alive


def test_stray_cancels_inside_handlers_never_end_the_call(app: Clone, long: bool) -> None:
    # A handler with a block of its own, so that cancels come at its end and between blocks too.
    define(
        app, "work",
        "perform app.note('x'); for i in 1..3 loop begin perform pg_sleep(random() * 0.002);"
        " exception when others then null; end; end loop; return null;",
        max_attempts=1,
    )  # fmt: skip
    start_many(app, "work", 1500 if long else 300)
    worker = app.work()
    worker_id = wait_until(lambda: app.value("select max(worker_id) from rota_core.worker"))
    sent, draw = [0], random.Random(1)

    def stray(session: psycopg.Connection) -> None:
        # Who has the gate knows that the worker is in a handler, and stays there.
        with session.transaction():
            if not session.execute(
                "select pg_try_advisory_xact_lock(%s, %s)", (GATE_LOCK, worker_id)
            ).fetchone()[0]:
                return
            if session.execute(
                "select true from pg_stat_activity where pid = %s"
                " and application_name like 'rota run %%'",
                [worker.pid],
            ).fetchone():
                time.sleep(draw.random() * 0.004)
                session.execute("select pg_cancel_backend(%s)", [worker.pid])
                sent[0] += 1
        time.sleep(0.004)

    with meanwhile(app, stray, "postgres"):
        wait_until(lambda: sent[0] >= (1000 if long else 150), 200, what="strays to be sent")
    all_ended(app, timeout=120)

    assert worker.alive
    assert app.run("select state, count(*) from rota_core.finished_run group by state") == [
        ("succeeded", 1500 if long else 300)
    ]
    assert app.value("select count(*) = count(distinct run_id) from app.effect")
    found = rows(app, "select outcome, charged, count(*) as n from rota_core.attempt group by 1, 2")
    assert [(row["outcome"], row["charged"]) for row in found] == [("interrupted", False)]
    assert found[0]["n"] > sent[0] / 4


def test_a_handler_that_cancels_itself_is_not_repeated_for_ever(app: Clone) -> None:
    define(app, "strange", "raise query_canceled;", max_attempts=1)
    run_id = start(app, "strange")
    app.run("update rota_core.run set attempt = 8")
    app.work()

    assert ended(app, run_id)["error"]["sqlstate"] == "57014"
    assert outcomes(app, run_id) == [("interrupted", False), ("failed", True)]
