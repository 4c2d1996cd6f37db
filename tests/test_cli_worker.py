"""`rota worker` in a process of its own: working and coming back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from harness import Clone, wait_until
from support_process import (
    HANDLERS,
    OPEN,
    WorkerProcess,
    outcomes,
    start,
    state,
    wait_for_no_sessions,
    wait_for_state,
    worker_processes,
)

WorkerFactory = Callable[..., WorkerProcess]


@pytest.fixture
def worker() -> Iterator[WorkerFactory]:
    with worker_processes() as begin:
        yield begin


@pytest.fixture
def app(database: Clone) -> Clone:
    """A database with some tasks."""
    database.run(HANDLERS)
    return database


def test_it_connects_again_after_a_restart_and_a_crash(
    crash_database: Clone, worker: WorkerFactory
) -> None:
    crash_database.run(HANDLERS)
    server = crash_database.server
    process = worker(crash_database)
    run_id = start(crash_database, "nap", '{"what": "a", "seconds": 2}')
    wait_for_state(crash_database, run_id, "running")
    server.restart("immediate")
    process.wait_for("connected again")
    wait_for_state(crash_database, run_id, "succeeded")
    assert crash_database.run("select e.what from app.effect as e") == [("a",)]
    assert process.said.count("was lost") == 1
    server.stop()
    time.sleep(1)
    server.start()
    wait_until(lambda: process.said.count("connected again") == 2)
    run_id = start(crash_database, "nap", '{"what": "b", "seconds": 0}')
    wait_for_state(crash_database, run_id, "succeeded")
    assert process.stop() == 0


def test_it_notices_new_lanes_and_other_numbers(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    app.run("select rota.define_lane('batch', 2)")
    app.run("select rota.define_lane('default', 1)")
    process.wait_for("worker 2 of lane batch starts")
    process.wait_for("worker 2 of lane default leaves")
    working = (
        "select w.lane, count(*) from rota.workers as w"
        " where w.state = 'working' and w.kind = 'worker' group by 1 order by 1"
    )
    wait_until(lambda: app.run(working) == [("batch", 2), ("default", 1)])
    assert process.stop() == 0


def test_lane_and_workers_say_for_whom_and_how_many(app: Clone, worker: WorkerFactory) -> None:
    app.run("select rota.define_lane('batch', 1)")
    process = worker(app, "--lane", "batch", "--workers", "3", "--no-supervisor")
    wait_until(lambda: app.value(OPEN) == 3)
    assert app.run("select distinct w.kind, w.lane from rota.workers as w") == [("worker", "batch")]
    assert "3 for lane batch" in process.said
    assert "supervisor" not in process.said


def test_once_does_what_is_due_and_ends(app: Clone, worker: WorkerFactory) -> None:
    due = [start(app, "nap", '{"what": "a", "seconds": 0.2}') for _ in range(3)]
    later = start(app, "nap", '{"what": "b", "seconds": 0}', run_at="now() + interval '1 hour'")
    app.run("select rota.define_task('elsewhere', null, kind => 'external')")
    start(app, "elsewhere")
    assert worker(app, "--once").end() == 0
    assert {state(app, run_id) for run_id in due} == {"succeeded"}
    assert state(app, later) == "queued"
    wait_for_no_sessions(app)


def test_a_lost_worker_is_recovered_by_its_supervisor(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1}')
    pid = wait_until(
        lambda: app.value(
            "select w.pid from rota.workers as w where w.run_id = %s and w.kind = 'worker'", run_id
        )
    )
    app.signal("pg_terminate_backend", pid)
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("lost", True), ("succeeded", True)]
    process.wait_for("was lost")
    process.wait_for("connected again")


def test_a_stray_cancel_does_not_end_it(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--workers", "1")
    pid = wait_until(lambda: app.value("select w.pid from rota.workers as w where w.lane > ''"))
    app.signal("pg_cancel_backend", pid)
    process.wait_for("canceling statement")
    run_id = start(app, "nap", '{"what": "a", "seconds": 0}')
    wait_for_state(app, run_id, "succeeded")
    assert process.process.poll() is None


def test_it_stays_away_while_the_engine_is_upgraded(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    wait_until(lambda: app.value(OPEN) == 3)
    app.run("insert into rota_core.setting (name, value) values ('draining', 'infinity')")
    wait_until(lambda: app.value(OPEN) == 0)
    process.wait_for("the engine is being upgraded")
    run_id = start(app, "nap", '{"what": "a", "seconds": 0}')
    time.sleep(1.5)
    assert state(app, run_id) == "queued"
    assert process.said.count("being upgraded") == 1
    app.run("delete from rota_core.setting where name = 'draining'")
    wait_for_state(app, run_id, "succeeded")
