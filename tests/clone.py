"""One database of a test server, and the sessions that work in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

import statements
from pgrota.server import Server


def wait_until(
    predicate: Callable[[], Any], timeout: float = 10, interval: float = 0.02, what: str = ""
) -> Any:
    """The first true answer of `predicate`; fails the test when none comes in time."""
    deadline = time.monotonic() + timeout
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout:g} s in vain for {what or predicate}")
        time.sleep(interval)


class Worker:
    """A statement that runs in its own session and thread: `call rota.work(...)` and its like."""

    def __init__(self, database: Clone, statement: str, user: str) -> None:
        self.database = database
        self.error: psycopg.Error | None = None
        self.connection = database.connect(user)
        self.pid = self.connection.info.backend_pid
        self._thread = threading.Thread(target=self._run, args=(statement,), daemon=True)
        self._thread.start()

    def _run(self, statement: str) -> None:
        try:
            self.connection.execute(statement)
        except psycopg.Error as error:
            self.error = error
        finally:
            self.connection.close()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, timeout: float = 30) -> psycopg.Error | None:
        """Wait for its end; the error it ended with, or None."""
        self._thread.join(timeout)
        if self.alive:
            pytest.fail(f"the statement in backend {self.pid} is still running")
        return self.error

    def kill(self, signal_number: int = 9) -> None:
        """Signal the backend's process. SIGKILL makes the server restart all its backends."""
        self.database.server.kill_backend(self.pid, signal_number)

    def terminate(self) -> None:
        self.database.signal("pg_terminate_backend", self.pid)

    def cancel(self) -> None:
        self.database.signal("pg_cancel_backend", self.pid)


@dataclass(eq=False)
class Clone:
    """One database of a test server."""

    server: Server
    name: str
    coverage: statements.Coverage | None = None
    workers: list[Worker] = field(default_factory=list)

    def url(self, user: str = "postgres", *, tcp: bool = False) -> str:
        return self.server.url(self.name, user, tcp=tcp)

    def connect(self, user: str = "postgres", **options: Any) -> psycopg.Connection[Any]:
        """A connection in autocommit, unless told otherwise."""
        return self.server.connect(self.name, user, **options)

    def run(self, statement: str, *parameters: Any, user: str = "postgres") -> list[Any]:
        """Execute one statement in a session of its own and return its rows."""
        with self.connect(user) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *parameters: Any, user: str = "postgres") -> Any:
        """The first column of the first row, or None."""
        rows = self.run(statement, *parameters, user=user)
        return rows[0][0] if rows else None

    def start(self, statement: str, user: str = "rota_worker") -> Worker:
        """Execute a statement in a thread, as the workers' role."""
        worker = Worker(self, statement, user)
        self.workers.append(worker)
        return worker

    def work(self, lane: str = "default", budget: str = "1 h", poll: str = "20 ms") -> Worker:
        return self.start(
            f"call rota.work(lane => '{lane}', budget => '{budget}', poll => '{poll}')"
        )

    def supervise(self, budget: str = "1 h") -> Worker:
        return self.start(f"call rota.supervise(budget => '{budget}')")

    def serve(self, budget: str = "1 h") -> Worker:
        return self.start(f"call rota.serve(budget => '{budget}')")

    def signal(self, function: str, pid: int) -> None:
        with self.server.connect() as connection:
            connection.execute(f"select {function}(%s)", [pid])

    def close(self) -> None:
        """End all sessions and drop the database."""
        if self.coverage:
            self.coverage.collect(self)
        with self.server.connect() as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(self.name))
            )
        for worker in self.workers:
            worker.join()
