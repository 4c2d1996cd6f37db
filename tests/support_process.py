"""`rota worker` as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import Clone, wait_until

READY = "at work in"
HANDLERS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.effect (what text, by_role name default current_user);
grant select, insert on app.effect to rota_worker;
create function app.nap(input jsonb) returns jsonb language plpgsql as $$
begin
  insert into app.effect (what) values (input ->> 'what');
  perform pg_sleep((input ->> 'seconds')::float8);
  return jsonb_build_object('role', current_user);
end $$;
create function app.steps(input jsonb, state jsonb) returns jsonb language plpgsql as $$
declare
  v_n int := coalesce((state ->> 'n')::int, 0) + 1;
begin
  insert into app.effect (what) values (v_n::text);
  perform pg_sleep(0.1);
  return jsonb_build_object('state', jsonb_build_object('n', v_n), 'done', v_n >= 12,
    'progress', jsonb_build_object('done', v_n, 'total', 12), 'rows', 1);
end $$;
select rota.define_task('nap', 'app.nap', initial_delay => '0.2 s');
select rota.define_task('steps', 'app.steps', kind => 'chunked');
"""
OPEN = "select count(*) from rota_core.worker where ended_at is null"
STATE = "select r.state from rota.runs as r where r.run_id = %s"


def environment(**variables: str) -> dict[str, str]:
    """That of the tests, without what it says of a database, and with these variables."""
    ours = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PG") and key not in ("DATABASE_URL", "ROTA_DATABASE_URL")
    }
    return ours | variables


class WorkerProcess:
    """The process, and what it says."""

    def __init__(self, url: str, *arguments: str, directory: Path | None = None) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pgrota.cli", "worker", *arguments],
            env=environment(ROTA_DATABASE_URL=url),
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )

    @property
    def said(self) -> str:
        self._log.flush()
        return os.pread(self._log.fileno(), 1 << 20, 0).decode()

    def wait_for(self, words: str, timeout: float = 15) -> WorkerProcess:
        deadline = time.monotonic() + timeout
        while words not in self.said:
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the worker did not say {words!r} but:\n{self.said}")
            time.sleep(0.02)
        return self

    def ready(self) -> WorkerProcess:
        return self.wait_for(READY)

    def send(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def end(self, timeout: float = 15) -> int:
        """Wait for its end."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the worker has not left within {timeout:g} s:\n{self.said}")

    def stop(self, timeout: float = 15) -> int:
        self.send()
        return self.end(timeout)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def start(database: Clone, task: str, document: str = "{}", **more: str) -> int:
    """Queue a run and return its number."""
    extra = "".join(f", {name} => {value}" for name, value in more.items())
    return database.value(f"select s.run_id from rota.start(%s, %s{extra}) as s", task, document)


def state(database: Clone, run_id: int) -> str:
    return database.value(STATE, run_id)


def wait_for_state(database: Clone, run_id: int, wanted: str, timeout: float = 15) -> None:
    wait_until(
        lambda: state(database, run_id) == wanted, timeout, what=f"run {run_id} to be {wanted}"
    )


def outcomes(database: Clone, run_id: int) -> list[tuple[str, bool]]:
    """How each attempt ended, and whether it counts."""
    return database.run(
        "select a.outcome, a.charged from rota.attempts as a where a.run_id = %s"
        " order by a.attempt, a.finished_at",
        run_id,
    )


def wait_for_no_sessions(database: Clone) -> None:
    """A backend ends a moment after the process that it served."""
    wait_until(lambda: sessions(database) == 0, what="all sessions to be gone")


def sessions(database: Clone) -> int:
    """Sessions of workers, supervisors and their kin in this database."""
    return database.value(
        "select count(*) from pg_stat_activity as a"
        " where a.datname = current_database() and a.pid <> pg_backend_pid()"
    )


@contextmanager
def worker_processes() -> Iterator[Callable[..., WorkerProcess]]:
    """Start worker processes, as rota_worker unless told otherwise; none is left afterwards."""
    started: list[WorkerProcess] = []

    def begin(
        database: Clone, *arguments: str, user: str = "rota_worker", directory: Path | None = None
    ) -> WorkerProcess:
        started.append(WorkerProcess(database.url(user), *arguments, directory=directory))
        return started[-1].ready()

    try:
        yield begin
    finally:
        for process in started:
            process.kill()
