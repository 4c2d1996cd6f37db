"""`rota worker` leaves: after SIGTERM, a grace, a second signal, and when it is killed."""

from __future__ import annotations

import signal
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


def test_it_works_and_sigterm_leaves_nothing(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 0.1}')
    wait_for_state(app, run_id, "succeeded")
    assert process.stop(5) == 0
    assert app.value(OPEN) == 0
    wait_for_no_sessions(app)
    assert app.run("select w.kind, w.state from rota.workers as w order by 1") == [
        ("supervisor", "ended"),
        ("worker", "ended"),
        ("worker", "ended"),
    ]
    said = process.said.splitlines()
    assert [line.split("] ", 3)[3].split(";")[0].split(" after")[0] for line in said] == [
        f"at work in {app.name} on {app.server.socket_directory}:{app.server.port}",
        "leaving",
        "stopped",
    ]


def test_an_idle_worker_leaves_at_once(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--no-supervisor")
    wait_until(lambda: app.value(OPEN) == 2)
    assert process.stop() == 0


def test_a_run_under_way_ends_before_it_leaves(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1.5}')
    wait_for_state(app, run_id, "running")
    process.send(signal.SIGINT)
    late = start(app, "nap", '{"what": "late", "seconds": 0}')
    assert process.end() == 0
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert state(app, late) == "queued"
    assert app.run("select e.what from app.effect as e") == [("a",)]


def test_after_the_grace_a_run_is_interrupted_uncounted(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--grace", "0.5")
    run_id = start(app, "nap", '{"what": "a", "seconds": 60}')
    wait_for_state(app, run_id, "running")
    time.sleep(0.2)
    assert process.stop(10) == 0
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == [("interrupted", False)]
    assert app.value("select count(*) from app.effect") == 0
    assert f"run {run_id} is interrupted" in process.said
    assert app.value(OPEN) == 0
    wait_for_no_sessions(app)


def test_a_chunked_run_leaves_at_its_checkpoint(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "steps")
    wait_until(lambda: app.value("select count(*) from app.effect") >= 3)
    assert process.stop() == 0
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == []
    worker(app)
    wait_for_state(app, run_id, "succeeded")
    assert app.run(
        "select string_agg(e.what, ',' order by e.what::int), max(r.attempt)"
        " from app.effect as e, rota.runs as r"
    ) == [(",".join(str(n) for n in range(1, 13)), 1)]


def test_a_second_signal_ends_it_at_once_and_the_run_goes_on(
    app: Clone, worker: WorkerFactory
) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 2}')
    wait_for_state(app, run_id, "running")
    process.send()
    process.wait_for("leaving")
    process.send()
    assert process.end(1) == 128 + signal.SIGTERM
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("succeeded", True)]


def test_a_killed_process_costs_no_run(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1}')
    wait_for_state(app, run_id, "running")
    process.kill()
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert app.run("select e.what from app.effect as e") == [("a",)]


def test_it_leaves_while_the_server_is_away(crash_database: Clone, worker: WorkerFactory) -> None:
    process = worker(crash_database)
    crash_database.server.stop("immediate")
    process.wait_for("was lost")
    assert process.stop(8) == 0
