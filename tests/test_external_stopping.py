"""External runs that are shared, lost, cancelled or timed out, and workers that leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Clone, wait_until
from support_external import column, define, prepare, slow
from support_process import (
    OPEN,
    WorkerProcess,
    outcomes,
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


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the handler of `slow` writes what it does."""
    path = tmp_path / "notes"
    path.touch()
    return path


def test_two_workers_handle_each_run_once(app: Clone, worker: WorkerFactory, place: Path) -> None:
    for _ in range(2):
        worker(app, "--external-only", "--workers", "4")
    wait_until(lambda: app.value(OPEN) == 2)
    document = f'{{"place": "{place}", "seconds": 0.05}}'
    runs = app.run(
        "select s from rota.start_many('slow', array_fill(%s::jsonb, array[60])) as s", document
    )
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0, 30)
    assert sorted(place.read_text().split("\n")[:-1]) == sorted(
        f"{word} {run_id} 1" for (run_id,) in runs for word in ("begin", "end")
    )
    workers = app.run("select r.worker_id, count(*) from rota.runs as r group by 1")
    assert len(workers) == 2
    assert sum(count for _, count in workers) == 60


def test_limits_hold_across_workers(app: Clone, worker: WorkerFactory, place: Path) -> None:
    define(app, "slow", ", concurrency => 2")
    for _ in range(2):
        worker(app, "--external-only", "--workers", "4")
    for _ in range(12):
        slow(app, place, 0.1)
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0, 30)
    busy = most = 0
    for line in place.read_text().splitlines():
        busy += 1 if line.startswith("begin") else -1
        most = max(most, busy)
    assert most == 2


def test_a_killed_worker_is_recovered(app: Clone, worker: WorkerFactory, place: Path) -> None:
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 2)
    wait_until(lambda: "begin" in place.read_text())
    process.kill()
    worker(app)
    wait_for_state(app, run_id, "succeeded", 10)
    assert outcomes(app, run_id) == [("lost", True), ("succeeded", True)]
    assert place.read_text() == f"begin {run_id} 1\nbegin {run_id} 2\nend {run_id} 2\n"


def test_a_cancelled_run_is_told_and_its_answer_refused(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 60)
    wait_until(lambda: "begin" in place.read_text())
    assert app.value("select rota.cancel(%s)", run_id) == "cancelling"
    wait_for_state(app, run_id, "cancelled", 5)
    wait_until(lambda: "end" in place.read_text())
    process.wait_for(f"the outcome of run {run_id} of slow, attempt 1, was dropped")
    wait_until(
        lambda: app.value(
            "select true from rota.logs as l where l.component = 'external'"
            " and l.context ->> 'run_id' = %s",
            str(run_id),
        )
    )
    assert column(app, run_id, "r.output") is None


def test_a_run_past_its_timeout_is_ended_and_the_late_answer_refused(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    define(app, "slow", ", timeout => '0.5 s', max_attempts => 1")
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 3, polite="false")
    wait_for_state(app, run_id, "failed", 5)
    assert outcomes(app, run_id) == [("timeout", True)]
    assert "end" not in place.read_text()
    process.wait_for("was dropped")
    assert "end" in place.read_text()
    assert state(app, run_id) == "failed"


def test_handlers_that_hang_give_up_their_place(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    define(app, "slow", ", timeout => '0.3 s', max_attempts => 1")
    app.supervise()
    worker(app, "--external-only", "--workers", "1")
    hung = slow(app, place, 60, polite="false")
    wait_for_state(app, hung, "failed", 5)
    run_id = start(app, "later")
    wait_for_state(app, run_id, "succeeded", 5)


def test_sigterm_lets_handlers_end(app: Clone, worker: WorkerFactory, place: Path) -> None:
    process = worker(app)
    run_id = slow(app, place, 1)
    wait_until(lambda: "begin" in place.read_text())
    late = slow(app, place, run_at="now() + interval '0.3 s'")
    assert process.stop() == 0
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert state(app, late) == "queued"


def test_after_the_grace_a_run_is_given_up_uncounted(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    process = worker(app, "--external-only", "--grace", "0.3")
    run_id = slow(app, place, 60, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    assert process.stop(8) == 0
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == [("interrupted", False)]
    assert app.value(OPEN) == 0


def test_an_outcome_waits_for_the_server(
    crash_database: Clone, worker: WorkerFactory, place: Path, tmp_path: Path
) -> None:
    prepare(crash_database, tmp_path)
    define(crash_database, "slow", ", timeout => '20 s'")
    process = worker(crash_database)
    run_id = slow(crash_database, place, 1.5)
    wait_until(lambda: "begin" in place.read_text())
    crash_database.server.restart("immediate")
    process.wait_for("connected again")
    wait_for_state(crash_database, run_id, "succeeded", 15)
    # Nobody supervises here, so nobody declared the worker lost meanwhile.
    assert place.read_text().count("begin") == 1
    crash_database.supervise()
    second = slow(crash_database, place, 1.5)
    wait_until(lambda: place.read_text().count("begin") == 2)
    pids = crash_database.run("select w.pid from rota.workers as w where w.kind = 'external'"
                              " and w.state = 'working'")  # fmt: skip
    for (pid,) in pids:
        crash_database.signal("pg_terminate_backend", pid)
    wait_for_state(crash_database, second, "succeeded", 15)
    assert [outcome for outcome, _ in outcomes(crash_database, second)] in (
        ["lost", "succeeded"],
        ["succeeded"],
    )


def test_it_stays_away_while_the_engine_is_upgraded(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    process = worker(app)
    run_id = slow(app, place, 7, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    app.run("insert into rota_core.setting (name, value) values ('draining', 'infinity')")
    process.wait_for("being upgraded")
    waiting = start(app, "later")
    wait_until(lambda: app.value(OPEN) == 0)
    assert state(app, run_id) == "succeeded", "what was under way ended first"
    assert state(app, waiting) == "queued"
    app.run("delete from rota_core.setting where name = 'draining'")
    wait_for_state(app, waiting, "succeeded")


def test_a_worker_that_was_declared_lost_registers_again(
    app: Clone, worker: WorkerFactory, place: Path
) -> None:
    process = worker(app)
    first = slow(app, place, 6, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    app.run("select rota_core.lose_worker(w.worker_id) from rota_core.worker as w")
    process.wait_for("was declared lost")
    second = start(app, "later")
    wait_for_state(app, second, "succeeded")
    process.wait_for("was dropped")
    assert outcomes(app, first)[0][0] == "lost"
