"""The server that all is measured on, and databases on it that hold rota and a trivial task."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.processes import cpu_seconds
from pgrota.deploy import deploy
from pgrota.server import Server

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "fsync": "on",
    "synchronous_commit": "on",
}
TEMPLATE = "bench_template"
INPUT = '{"a": 1, "type": "INSERT", "record": {"id": 1, "customer_id": 2}}'
TASKS = """
create schema bench;
grant usage on schema bench to public;
create function bench.noop(input jsonb) returns void language plpgsql as $$begin end$$;
create function bench.stamp(input jsonb) returns jsonb language sql
as $$select jsonb_build_object('at', extract(epoch from clock_timestamp()))$$;
select rota.define_task('noop', 'bench.noop');
select rota.define_task('stamp', 'bench.stamp');
"""
# Claims, executes and commits: whatever a worker does is over when it sleeps.
ASLEEP = "select count(*) from pg_stat_activity where pid = any(%s) and wait_event = 'PgSleep'"


@contextlib.contextmanager
def private_server() -> Iterator[Server]:
    """A server of our own, with rota in its template. Gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rota-bench-", dir="/tmp") as home:
        Path(home).chmod(0o755)
        server = Server(Path(home), settings=SETTINGS)
        try:
            server.start()
            with server.connect() as connection:
                connection.execute(f"create database {TEMPLATE}")
            deploy(server.url(TEMPLATE))
            yield server
        finally:
            server.remove()


class Drained(NamedTuple):
    seconds: float
    cpu_seconds: float


class Rate(NamedTuple):
    """How fast so many runs, or steps, were done, and what one of them cost."""

    per_second: float
    cpu_microseconds: float

    @classmethod
    def of(cls, count: int, drained: Drained) -> Rate:
        return cls(count / drained.seconds, 1e6 * drained.cpu_seconds / count)


class Session:
    """A statement that runs in a session and thread of its own, until it is stopped."""

    def __init__(self, arena: Arena, statement: str, user: str = "rota_worker") -> None:
        self.arena = arena
        self.statement = statement
        self.error: psycopg.Error | None = None
        self.connection = arena.connect(user)
        self.pid = self.connection.info.backend_pid
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            self.connection.execute(self.statement)
        except psycopg.errors.AdminShutdown:
            pass
        except psycopg.Error as error:
            self.error = error
        finally:
            self.connection.close()

    def check(self) -> None:
        """Raise what it failed with, if it ended."""
        if self.error or not self._thread.is_alive():
            raise self.error or RuntimeError(f"this ended before its time: {self.statement}")

    def stop(self) -> None:
        self.arena.run("select pg_terminate_backend(%s, 10000)", self.pid)
        self._thread.join(10)
        if self.error:
            raise self.error


class Arena:
    """A database with the engine and the trivial tasks, for workers to work in."""

    _numbers = itertools.count(1)

    def __init__(self, server: Server, template: str = TEMPLATE) -> None:
        self.server = server
        self.name = f"bench_{next(self._numbers)}"
        with server.connect() as connection:
            connection.execute(f"create database {self.name} template {template}")
        self.control = self.connect()
        self.control.execute(TASKS)

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        with self.server.connect() as connection:
            connection.execute(f"drop database {self.name} with (force)")

    def connect(self, user: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        return self.server.connect(self.name, user, **options)

    def run(self, statement: str, *parameters: Any) -> list[Any]:
        cursor = self.control.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *parameters: Any) -> Any:
        rows = self.run(statement, *parameters)
        return rows[0][0] if rows else None

    def wal(self) -> float:
        """How many bytes have been written to the log of transactions."""
        return float(self.value("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    # before a measurement

    def load(self, runs: int, task: str = "noop", batch: int = 100_000) -> None:
        """Queue runs, as an application does that starts many at once."""
        for done in range(0, runs, batch):
            self.run(
                "select count(*) from rota.start_many(%s,"
                " array(select %s::jsonb from generate_series(1, %s)))",
                *[task, INPUT, min(batch, runs - done)],
            )

    def settle(self) -> None:
        """Fresh statistics, and no checkpoint that falls into the measurement."""
        self.run("analyze rota_core.run, rota_core.finished_run")
        self.run("checkpoint")

    def clear(self) -> None:
        """Forget all runs and workers."""
        self.run("truncate rota_core.run, rota_core.finished_run, rota_core.worker")

    # measuring

    @contextlib.contextmanager
    def sessions(self, *statements: str) -> Iterator[Sequence[Session]]:
        """Sessions that begin together and are stopped at the end."""
        made = [Session(self, statement) for statement in statements]
        for session in made:
            session.begin()
        try:
            yield made
        finally:
            for session in made:
                session.stop()

    @contextlib.contextmanager
    def supervised(self) -> Iterator[Session]:
        with self.sessions("call rota.supervise(budget => '1 day')") as (supervisor,):
            yield supervisor

    @contextlib.contextmanager
    def working(self, workers: int = 1) -> Iterator[Sequence[Session]]:
        with self.sessions(*["call rota.work(budget => '1 day')"] * workers) as made:
            yield made

    def wait_drained(self, workers: Sequence[Session], timeout: float = 600) -> float:
        """When nothing was left to do, by the clock of time.perf_counter()."""
        pids = [worker.pid for worker in workers]
        deadline = time.perf_counter() + timeout
        while (now := time.perf_counter()) < deadline:
            if self.value(ASLEEP, pids) == len(pids) and not self.value(
                "select exists (select from rota_core.run)"
            ):
                return now
            for worker in workers:
                worker.check()
            time.sleep(0.005)
        raise TimeoutError(f"not drained within {timeout:g} s")

    def drain(self, workers: int = 1) -> Drained:
        """What so many workers take for all that is queued, with a supervisor beside them."""
        with self.supervised():
            started = time.perf_counter()
            with self.working(workers) as sessions:
                seconds = self.wait_drained(sessions) - started
                return Drained(seconds, sum(cpu_seconds(session.pid) for session in sessions))
