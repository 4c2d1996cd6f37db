"""`rota worker`: the calls that pg_cron would make, from a process outside the server."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import psycopg

from pgrota.errors import CannotConnect, Problem
from pgrota.sessions import Sessions
from pgrota.worker_log import WorkerLog, reason

WORK = "call rota.work(%s, budget => '58 s')"
SUPERVISE = "call rota.supervise(budget => '58 s')"
CONTROL = "rota worker control"
# pg_advisory_lock(LEAVE, pid) asks the worker in that backend to leave (rota_core.asked_to_leave);
# GATE is held by a worker at all times but inside a handler.
LEAVE, GATE = 1919906919, 1919906914
LOOK_AT_LANES = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
CANCELS = 3
LOST = (psycopg.OperationalError, psycopg.InterfaceError, CannotConnect)

LANES = "select l.lane, l.workers from rota_core.lane_workers() as l"
DUE = "select rota_core.due_runs(%s, %s)"
DRAINING = "select rota_core.setting('draining')::boolean"
CRON_JOBS = "select (rota_core.cron_facts() ->> 'jobs')::int"
BEGIN_CANCEL = """
select w.worker_id, pg_try_advisory_xact_lock(%s, w.worker_id)
from rota_core.open_workers() as w
where w.pid = %s and w.kind = 'worker'
order by w.worker_id desc
limit 1
"""
WHERE = "select a.application_name from pg_stat_activity as a where a.pid = %s"


class Member(threading.Thread):
    """One connection that makes one call again and again."""

    def __init__(self, crew: Crew, name: str, statement: str, arguments: tuple = ()) -> None:
        super().__init__(name=name, daemon=True)
        self.crew = crew
        self.is_supervisor = not arguments
        self.statement = statement
        self.arguments = arguments
        self.leaving = threading.Event()
        self.pid: int | None = None
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
                    self.crew.log.lost(self.name, error)
                elif not self.leaving.is_set():
                    self.crew.log.trouble(f"{self.name}: {reason(error)}; going on")
            finally:
                self.pid = None
            pause = FIRST_PAUSE if time.monotonic() - began > 10 else min(2 * pause, LONGEST_PAUSE)
            self.leaving.wait(pause * random.uniform(0.5, 1))
        self.crew.log.forget(self.name)

    def _work(self) -> None:
        sessions = self.crew.sessions
        # The supervisor keeps the rights of the login: it signals the workers, who have that login.
        connection = sessions.open(self.name, as_worker=not self.is_supervisor)
        with connection:
            self.pid = connection.execute("select pg_backend_pid()").fetchone()[0]
            self.crew.log.back(self.name)
            while not self.leaving.is_set():
                sessions.prepare(connection)
                began = time.monotonic()
                connection.execute(self.statement, self.arguments)
                if time.monotonic() - began < 1 and not self.leaving.is_set():
                    self._find_out(connection)

    def _find_out(self, connection: psycopg.Connection) -> None:
        """A call that returns at once is not wanted now."""
        if connection.execute(DRAINING).fetchone()[0]:
            self.crew.log.trouble("the engine is being upgraded; waiting until that is done")
        self.leaving.wait(1)


class Crew:
    """The workers of this process, their supervisor, and whoever starts and stops them."""

    def __init__(
        self,
        sessions: Sessions,
        log: WorkerLog,
        lanes: Iterable[str] = (),
        workers: int | None = None,
        supervisor: bool = True,
        sql: bool = True,
        grace: float = 30.0,
        external: Any = None,
    ) -> None:
        self.sessions = sessions
        self.log = log
        self.only = tuple(lanes)
        self.workers = workers
        self.has_supervisor = supervisor
        self.has_sql = sql
        self.grace = grace
        self.external = external
        self.members: dict[tuple[str, int], Member] = {}
        self.gone: list[Member] = []
        self.supervisor: Member | None = None
        self.stopping = threading.Event()
        self._control: psycopg.Connection | None = None
        self._is_introduced = False

    # the life of the process

    def run(self, once: bool = False) -> None:
        """Work until a signal comes, or until nothing is due."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._reconcile()
        if not self.members and not self.external and not self.has_supervisor:
            raise Problem("there is nothing to do here", hint="rota worker --help")
        if once and self.has_supervisor:
            self.control().execute("call rota.supervise(budget => '1 ms')")
        elif self.has_supervisor:
            self.supervisor = Member(self, "the supervisor", SUPERVISE)
            self.supervisor.start()
        if self.external:
            self.external.start()
        self._introduce()
        while not self.stopping.wait(0.2 if once else LOOK_AT_LANES):
            if self._round() and once and not self._due():
                break
        self._leave(wait=once and not self.stopping.is_set())

    def _on_signal(self, number: int, _: Any) -> None:
        if self.stopping.is_set():
            # The server finishes what runs now by itself: nobody needs this process for that.
            os.write(2, b"leaving at once; what runs in the server goes on to its end\n")
            os._exit(128 + number)
        self.stopping.set()

    def _round(self) -> bool:
        """Look after lanes and members; False while the server is away."""
        try:
            self._reconcile()
        except LOST as error:
            self._drop_control()
            self.log.lost("the control connection", error)
            return False
        except psycopg.Error as error:
            self.log.trouble(f"cannot read the lanes: {reason(error)}")
            return False
        self.log.back("the control connection")
        return True

    def _due(self) -> int:
        tasks = sorted(self.external.handlers) if self.external else []
        lanes = [lane for lane, _ in self._lanes()]
        busy = self.external and self.external.is_busy
        with suppress(*LOST):
            return self.control().execute(DUE, [lanes, tasks]).fetchone()[0] + bool(busy)
        return 1

    def _introduce(self) -> None:
        sizes: dict[str, int] = {}
        for lane, _ in self.members:
            sizes[lane] = sizes.get(lane, 0) + 1
        parts = [f"{count} for lane {lane}" for lane, count in sizes.items()]
        what = f"workers: {', '.join(parts)}" if parts else "no workers for SQL tasks"
        if self.supervisor:
            what += ", and a supervisor"
        if self.external:
            what += f"; external tasks: {', '.join(sorted(self.external.handlers))}"
        self.log.say(f"at work in {self._where()}; {what}")
        self._is_introduced = True
        if not self.sessions.is_worker:
            self.log.say(
                f"handlers run as rota_worker, though this logs in as {self.sessions.user}, whose"
                " rights they could take back: log in as rota_worker where that matters"
            )
        if (self.control().execute(CRON_JOBS).fetchone()[0] or 0) > 0 and self.has_sql:
            self.log.say("pg_cron runs workers here as well; that is harmless, they share the work")

    def _where(self) -> str:
        info = self.control().info
        return f"{info.dbname} on {info.host or 'localhost'}:{info.port}"

    # lanes

    def _lanes(self) -> list[tuple[str, int]]:
        rows = self.control().execute(LANES).fetchall()
        return [
            (lane, count if self.workers is None else self.workers)
            for lane, count in rows
            if not self.only or lane in self.only
        ]

    def _reconcile(self) -> None:
        """Start the workers that are missing, and ask those to leave that are too many."""
        self._forget_the_gone()
        found = self._lanes()
        if self.external:
            self.external.set_lanes({lane: max(count, 1) for lane, count in found})
        wanted = {
            (lane, number): count
            for lane, count in (found if self.has_sql else [])
            for number in range(1, count + 1)
        }
        for key in [key for key in self.members if key not in wanted]:
            member = self.members.pop(key)
            self.log.say(f"{member.name} leaves: its lane has fewer workers now")
            self.gone.append(member)
            self._ask(member)
        for key in [key for key in wanted if key not in self.members]:
            self._hire(*key)

    def _hire(self, lane: str, number: int) -> None:
        name = f"worker {number} of lane {lane}"
        if self._is_introduced:
            self.log.say(f"{name} starts")
        member = self.members[lane, number] = Member(self, name, WORK, (lane,))
        member.start()

    def _forget_the_gone(self) -> None:
        for member in [member for member in self.gone if not member.is_alive()]:
            self.gone.remove(member)
            # Another worker's backend may get its number.
            self.control().execute(
                "select pg_advisory_unlock(%s, %s)", [LEAVE, member.asked_pid or 0]
            )

    # leaving

    def _ask(self, member: Member) -> None:
        """Ask a worker to leave as soon as its run or its chunk has ended."""
        member.leaving.set()
        pid = member.pid
        if pid is None or pid == member.asked_pid:
            return
        with suppress(*LOST):
            self.control().execute("select pg_advisory_lock(%s, %s)", [LEAVE, pid])
            member.asked_pid = pid

    def _leave(self, wait: bool) -> None:
        """Let the runs under way end, then everybody goes; the supervisor last."""
        began = time.monotonic()
        if not wait:
            self.log.say(
                f"leaving; runs that are under way have {self.grace:g} s to end"
                " (a second signal: at once)"
            )
        everybody = [*self.members.values(), *self.gone]
        if self.external:
            self.external.leave()
        for member in everybody:
            self._ask(member)
        deadline = None if wait else began + self.grace
        self._await_members(everybody, deadline)
        if self.external:
            self._await([self.external], deadline, self.external.abandon)
            self.external.join(5)
        if self.supervisor:
            self._ask(self.supervisor)
            self._await_members([self.supervisor], time.monotonic() + 5)
        self._drop_control()
        self.log.say(f"stopped after {time.monotonic() - began:.1f} s")

    def _await_members(self, members: list[Member], deadline: float | None) -> None:
        def urge() -> None:
            for member in members:
                if member.is_alive():
                    self._interrupt(member)

        def ask() -> None:
            # One that was connecting when it was asked first has a backend by now.
            for member in members:
                if member.is_alive():
                    self._ask(member)

        self._await(members, deadline, urge, ask)

    def _await(
        self,
        threads: list[threading.Thread],
        deadline: float | None,
        urge: Callable[[], None],
        ask: Callable[[], None] = lambda: None,
    ) -> None:
        """Wait for threads to end; from the deadline on urge them every second."""
        while any(thread.is_alive() for thread in threads):
            if deadline is None and self.stopping.is_set():
                deadline = time.monotonic() + self.grace
            if deadline is not None and time.monotonic() > deadline:
                urge()
                deadline = time.monotonic() + 1
            time.sleep(0.02)
            ask()

    def _interrupt(self, member: Member) -> None:
        """Stop the handler that a worker is in. Its run is undone, and repeated uncounted."""
        pid = member.pid
        if pid is None:
            return
        try:
            if member.is_supervisor or member.cancels >= CANCELS:
                self.control().execute("select pg_terminate_backend(%s)", [pid])
                return
            with self.control().transaction():
                found = self.control().execute(BEGIN_CANCEL, [GATE, pid]).fetchone()
                if found and found[1]:
                    member.cancels += 1
                    self._cancel_handler(pid)
        except LOST:
            self._drop_control()

    def _cancel_handler(self, pid: int) -> None:
        """The gate is ours: whatever run the backend is in, it stays in it."""
        row = self.control().execute(WHERE, [pid]).fetchone()
        words = (row[0] if row else "").split()
        if words[:2] == ["rota", "run"]:
            self.control().execute("select pg_cancel_backend(%s)", [pid])
            self.log.say(f"run {words[2]} is interrupted; it will be repeated, uncounted", "warn")

    # the control connection

    def control(self) -> psycopg.Connection:
        """A connection with the rights of the login, for all that is not work."""
        if self._control is None or self._control.closed:
            self._control = self.sessions.open(CONTROL, as_worker=False)
            for member in [*self.members.values(), *self.gone]:
                member.asked_pid = None
        return self._control

    def _drop_control(self) -> None:
        if self._control is not None:
            with suppress(psycopg.Error):
                self._control.close()
        self._control = None


def check_lanes(crew: Crew) -> None:
    """Refuse lanes that the database does not have."""
    there = [lane for lane, _ in crew.control().execute(LANES).fetchall()]
    unknown = [lane for lane in crew.only if lane not in there]
    if unknown:
        raise Problem(
            f"there is no lane {unknown[0]} here",
            f"There are: {', '.join(there)}.",
            f"select rota.define_lane('{unknown[0]}');",
        )


def is_lost(error: Exception) -> bool:
    """Whether it is the connection that is gone, and not a call that failed."""
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))
    return isinstance(error, LOST)
