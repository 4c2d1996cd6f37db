"""Effects of external handlers that commit together with the outcome."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Clone, wait_until
from support_external import define, prepare
from support_process import (
    WorkerProcess,
    start,
    state,
    wait_for_state,
    worker_processes,
)

WorkerFactory = Callable[..., WorkerProcess]


@pytest.fixture
def app(database: Clone, tmp_path: Path) -> Clone:
    """A database with external tasks."""
    prepare(database, tmp_path)
    return database


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerFactory]:
    """Start workers that have the handlers, and work for external tasks alone by default."""
    with worker_processes() as begin:

        def begin_with_handlers(database: Clone, *arguments: str, **options: str) -> WorkerProcess:
            arguments = ("--handlers", "handlers", *(arguments or ("--external-only",)))
            return begin(database, *arguments, directory=tmp_path, **options)

        yield begin_with_handlers


def test_effects_commit_with_the_outcome(app: Clone, worker: WorkerFactory) -> None:
    worker(app, user="postgres")
    run_id = start(app, "effect", '{"what": "a", "seconds": 0.5}')
    wait_for_state(app, run_id, "running")
    wait_until(lambda: app.value("select count(*) from rota.logs") == 1)
    assert app.value("select count(*) from app.effect") == 0
    wait_for_state(app, run_id, "succeeded")
    rows = app.run("select e.what, e.by_role, e.xmin::text from app.effect as e order by 1")
    assert [(what, role) for what, role, _ in rows] == [
        ("a", "rota_worker"),
        ("more", "rota_worker"),
    ]
    outcome = app.value("select f.xmin::text from rota_core.finished_run as f")
    assert rows[0][2] == outcome, "one transaction"


@pytest.mark.parametrize("then", ["raise", "commit", "break"])
def test_effects_of_a_failure_are_undone(app: Clone, worker: WorkerFactory, then: str) -> None:
    define(app, "effect", ", max_attempts => 1")
    worker(app)
    run_id = start(app, "effect", f'{{"what": "a", "then": "{then}"}}')
    wait_for_state(app, run_id, "failed")
    assert app.value("select count(*) from app.effect") == 0
    assert app.run("select l.message from rota.logs as l") == [("written",)]


def test_effects_of_a_run_that_was_taken_away_are_undone(app: Clone, worker: WorkerFactory) -> None:
    define(app, "effect", ", timeout => '0.2 s', max_attempts => 1")
    process = worker(app)
    run_id = start(app, "effect", '{"what": "a", "seconds": 0.8}')
    wait_for_state(app, run_id, "running")
    time.sleep(0.3)
    assert app.value("select rota_core.expire_external()") == 1
    process.wait_for("was dropped")
    assert state(app, run_id) == "failed"
    assert app.value("select count(*) from app.effect") == 0
