"""Cancels and timeouts stop the run that is meant, and no other."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from harness import Clone, wait_until
from support_worker import (
    attempts_of,
    define,
    effects,
    ended,
    held,
    outcomes,
    prepare,
    run_of,
    start,
    wait_at,
    work_off,
)

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


def test_a_queued_run_is_cancelled_at_once(app: Clone) -> None:
    define(app, "quick", "perform app.note('x'); return null;")
    run_id = start(app, "quick")
    assert cancel(app, run_id) == "cancelled"
    work_off(app)
    assert run_of(app, run_id)["state"] == "cancelled"
    assert effects(app, run_id) == []


def test_a_running_run_is_interrupted(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform pg_sleep(60); return null;")
    run_id = start(app, "slow")
    worker = app.work()
    app.supervise()
    running(app, run_id)

    assert cancel(app, run_id) == "cancelling"
    run = ended(app, run_id)
    assert run["state"] == "cancelled"
    assert run["error"]["message"] == "canceling statement due to user request"
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


def test_a_handler_that_cancels_itself_is_not_repeated_for_ever(app: Clone) -> None:
    define(app, "strange", "raise query_canceled;", max_attempts=1)
    run_id = start(app, "strange")
    app.run("update rota_core.run set attempt = 8")
    app.work()

    assert ended(app, run_id)["error"]["sqlstate"] == "57014"
    assert outcomes(app, run_id) == [("interrupted", False), ("failed", True)]
