"""Workers that die at chosen points, and are started again as pg_cron or `rota worker` would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from harness import Clone, Worker, wait_until
from pgrota.server import Server
from support_worker import GATE, rows

# Beside the supervisor's turn each second: so that a run is soon ready to be killed again.
RECOVER = "do $$ begin loop perform rota_core.recover_workers(); commit; perform pg_sleep(0.005);"
RECOVER += " commit; end loop; end $$"
TRAP = f"""
create or replace function app.wait() returns trigger language plpgsql as $$
begin perform pg_advisory_xact_lock_shared({GATE}, 1); return coalesce(new, old); end $$;
create trigger wait {{}} for each row execute function app.wait();
"""


class Crew:
    """Workers, a supervisor and a quick recovery, for the length of a `with` block."""

    def __init__(self, database: Clone, workers: int = 2, expected: str | None = None) -> None:
        self.expected = expected
        self._wanted: list[Callable[[], Worker]] = [
            *[lambda: database.work(poll="5 ms")] * workers,
            database.supervise,
            lambda: database.start(RECOVER),
        ]
        self._count = workers
        self._there: list[Worker | None] = [None] * len(self._wanted)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tend, daemon=True)
        self.errors: list[psycopg.Error] = []
        self.trouble: Exception | None = None

    def _tend(self) -> None:
        try:
            while not self._stop.is_set():
                for place, begin in enumerate(self._wanted):
                    self._fill(place, begin)
                time.sleep(0.001)
        except Exception as trouble:
            self.trouble = trouble

    def _fill(self, place: int, begin: Callable[[], Worker]) -> None:
        worker = self._there[place]
        if worker is not None:
            if worker.alive:
                return
            if worker.error is not None:
                self.errors.append(worker.error)
        try:
            self._there[place] = begin()
        except psycopg.OperationalError:
            # The server restarts.
            time.sleep(0.02)

    @property
    def workers(self) -> list[Worker]:
        """The workers that live now."""
        return [w for w in self._there[: self._count] if w is not None and w.alive]

    def __enter__(self) -> Crew:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stop.set()
        self._thread.join(30)
        for worker in self._there:
            if worker is not None and worker.alive:
                try:
                    worker.terminate()
                    worker.join()
                except psycopg.OperationalError:
                    pass
        if kind is None:
            assert self.trouble is None
            unexpected = [
                error for error in self.errors
                if not is_end_of_session(error) and error.sqlstate != self.expected
            ]  # fmt: skip
            assert unexpected == []


def kill_noticed(server: Server, pid: int) -> None:
    """Kill a backend, and wait until the server has noticed, which ends them all."""
    with server.connect() as connection:
        (checkpointer,) = connection.execute(
            "select pid from pg_stat_activity where backend_type = 'checkpointer'"
        ).fetchone()
    server.kill_backend(pid)
    wait_until(lambda: not Path(f"/proc/{checkpointer}").exists(), what="the server to notice")


# The ways a worker dies.


def terminate(server: Server, worker: Worker) -> None:
    worker.terminate()


def kill(server: Server, worker: Worker) -> None:
    kill_noticed(server, worker.pid)


def stop_at_once(server: Server, worker: Worker) -> None:
    server.stop("immediate")
    server.start()


@contextmanager
def trap(app: Clone, place: str) -> Iterator[None]:
    """Make who writes at a place, such as `before update on app.note`, pass gate 1."""
    app.run(TRAP.format(place))
    yield
    app.run(f"drop trigger wait on {place.split()[-1]}")


def is_end_of_session(error: psycopg.Error) -> bool:
    """Whether an error is one that a killed session gets, and no other trouble."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate in ("57P01", "57P02", "57P03")


def survives(database: Clone, statement: str, patience: float = 30) -> list[Any]:
    """Execute a statement, again if the server is not there."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return database.run(statement)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def assert_exactly_once(database: Clone, runs: int) -> None:
    """Each run succeeded, with one effect or, chunked, one for each of its chunks."""
    assert survives(database, "select state, count(*) from rota.runs group by 1") == [
        ("succeeded", runs)
    ]
    wrong = rows(
        database,
        "select f.run_id, f.task, e.effects from rota_core.finished_run as f"
        " left join lateral (select array_agg(e.what order by e.effect_id) as effects"
        " from app.effect as e where e.run_id = f.run_id) as e on true"
        " where e.effects is distinct from (select array_agg(g.n::text order by g.n)"
        " from generate_series(1, coalesce((f.input ->> 'chunks')::int, 1)) as g (n))",
    )
    assert wrong == []
    assert database.value("select count(*) = count(distinct run_id) from rota_core.finished_run"), (
        "a run stands twice in history"
    )


def assert_only_the_lonely_are_charged(database: Clone) -> None:
    """A loss that was charged is the only one of its worker."""
    wrong = rows(
        database,
        "select a.worker_id, count(*) as n from rota_core.attempt as a where a.outcome = 'lost'"
        " group by 1 having bool_or(a.charged) and count(*) > 1",
    )
    assert wrong == []
