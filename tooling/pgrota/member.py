"""One of the connections of `rota worker`, that makes one call again and again."""

from __future__ import annotations

import random
import threading
import time

import psycopg

from pgrota.errors import CannotConnect, Problem
from pgrota.sessions import Sessions
from pgrota.worker_log import WorkerLog, reason

WORK = "call rota.work(%s, budget => '58 s')"
SUPERVISE = "call rota.supervise(budget => '58 s')"
DRAINING = "select rota_core.setting('draining')::boolean"
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
# A call that took so long was no failure to begin with.
GOOD_WHILE = 10.0
LOST = (psycopg.OperationalError, psycopg.InterfaceError, CannotConnect)


class Member(threading.Thread):
    """A worker of a lane, or without one the supervisor."""

    def __init__(
        self, sessions: Sessions, log: WorkerLog, name: str, lane: str | None = None
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.sessions = sessions
        self.log = log
        self.lane = lane
        self.leaving = threading.Event()
        self.pid: int | None = None
        # Which of its backends was asked to leave, and how often its handler was cancelled.
        self.asked_pid: int | None = None
        self.cancels = 0

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self.leaving.is_set():
            began = time.monotonic()
            try:
                self._work()
            except (psycopg.Error, Problem) as error:
                if is_lost(error):
                    self.log.lost(self.name, error)
                elif not self.leaving.is_set():
                    self.log.trouble(f"{self.name}: {reason(error)}; going on")
            finally:
                self.pid = None
            went_well = time.monotonic() - began > GOOD_WHILE
            pause = FIRST_PAUSE if went_well else min(2 * pause, LONGEST_PAUSE)
            self.leaving.wait(pause * random.uniform(0.5, 1))
        self.log.forget(self.name)

    def _work(self) -> None:
        # The supervisor keeps the rights of the login: it signals the workers, who have that login.
        with self.sessions.open(self.name, as_worker=self.lane is not None) as connection:
            self.pid = connection.execute("select pg_backend_pid()").fetchone()[0]
            self.log.back(self.name)
            while not self.leaving.is_set():
                self.sessions.prepare(connection)
                began = time.monotonic()
                if self.lane is None:
                    connection.execute(SUPERVISE)
                else:
                    connection.execute(WORK, [self.lane])
                if time.monotonic() - began < 1 and not self.leaving.is_set():
                    self._find_out(connection)

    def _find_out(self, connection: psycopg.Connection) -> None:
        """A call that returns at once is not wanted now."""
        if connection.execute(DRAINING).fetchone()[0]:
            self.log.trouble("the engine is being upgraded; waiting until that is done")
        self.leaving.wait(1)


def is_lost(error: Exception) -> bool:
    """Whether it is the connection that is gone, and not a call that failed."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))
    return isinstance(error, LOST)
