"""`rota worker`: the calls that pg_cron would make, from a process outside the server."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from pgrota.control import Control
from pgrota.errors import Problem
from pgrota.member import LOST, Member, is_lost
from pgrota.sessions import Sessions
from pgrota.worker_log import WorkerLog, reason

if TYPE_CHECKING:
    from pgrota.external_worker import ExternalWorker

LOOK_AT_LANES, LOOK_AT_DUE, URGE = 5.0, 0.2, 1.0
LAST_WAIT = 5.0
SUPERVISOR = "the supervisor"


class Crew:
    """The workers of this process and their supervisor, and what starts and stops them."""

    def __init__(
        self,
        sessions: Sessions,
        log: WorkerLog,
        *,
        lanes: Iterable[str] = (),
        workers: int | None = None,
        supervisor: bool = True,
        sql: bool = True,
        grace: float = 30.0,
        external: ExternalWorker | None = None,
    ) -> None:
        self.sessions = sessions
        self.log = log
        self.only = tuple(lanes)
        self.workers = workers
        self.has_supervisor = supervisor
        self.has_sql = sql
        self.grace = grace
        self.external = external
        self.control = Control(sessions, log)
        self.members: dict[tuple[str, int], Member] = {}
        self.gone: list[Member] = []
        self.supervisor: Member | None = None
        self.stopping = threading.Event()
        self._is_introduced = False

    def run(self, once: bool = False) -> None:
        """Work until a signal comes, or until nothing is due."""
        self._check_lanes()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._reconcile()
        if once and self.has_supervisor:
            self.control.supervise_once()
        elif self.has_supervisor:
            self.supervisor = self._start(Member(self.sessions, self.log, SUPERVISOR))
        if self.external:
            self.external.start()
        self._introduce()
        while not self.stopping.wait(LOOK_AT_DUE if once else LOOK_AT_LANES):
            if self._look() and once and not self._due():
                break
        self._leave(wait=once and not self.stopping.is_set())

    def _on_signal(self, number: int, _: Any) -> None:
        if self.stopping.is_set():
            # The server finishes what runs now by itself: nobody needs this process for that.
            os.write(2, b"leaving at once; what runs in the server goes on to its end\n")
            os._exit(128 + number)
        self.stopping.set()

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
        self.log.say(f"at work in {self.control.where}; {what}")
        self._is_introduced = True
        if not self.sessions.is_worker:
            self.log.say(
                f"handlers run as rota_worker, though this logs in as {self.sessions.user}, whose"
                " rights they could take back: log in as rota_worker where that matters"
            )
        if self.has_sql and self.control.has_cron_jobs():
            self.log.say("pg_cron runs workers here as well; that is harmless, they share the work")

    # while it works

    def _check_lanes(self) -> None:
        """Refuse lanes that the database does not have."""
        there = self.control.lanes()
        for lane in self.only:
            if lane not in there:
                raise Problem(
                    f"there is no lane {lane} here",
                    f"There are: {', '.join(there)}.",
                    f"select rota.define_lane('{lane}');",
                )

    def _lanes(self) -> dict[str, int]:
        return {
            lane: count if self.workers is None else self.workers
            for lane, count in self.control.lanes().items()
            if not self.only or lane in self.only
        }

    def _look(self) -> bool:
        """Look after lanes and workers; False when that was not possible."""
        name = "the control connection"
        # It learns late that it was lost: by then the server may be back.
        for is_last in (False, True):
            try:
                self._reconcile()
            except (psycopg.Error, Problem) as error:
                if not is_lost(error):
                    self.log.trouble(f"the lanes cannot be read: {reason(error)}")
                    return False
                self.control.drop()
                if is_last:
                    self.log.lost(name, error)
            else:
                self.log.back(name)
                return True
        return False

    def _reconcile(self) -> None:
        """Start the workers that are missing, and ask those to leave that are too many."""
        for member in [member for member in self.gone if not member.is_alive()]:
            self.control.forget(member)
            self.gone.remove(member)
        lanes = self._lanes()
        if self.external:
            self.external.set_lanes({lane: max(count, 1) for lane, count in lanes.items()})
        wanted = [
            (lane, number)
            for lane, count in lanes.items()
            for number in range(1, count + 1)
            if self.has_sql
        ]
        for key in [key for key in self.members if key not in wanted]:
            member = self.members.pop(key)
            self.log.say(f"{member.name} leaves: its lane has fewer workers now")
            self.gone.append(member)
            self.control.ask(member)
        for lane, number in wanted:
            if (lane, number) not in self.members:
                self._hire(lane, number)

    def _hire(self, lane: str, number: int) -> None:
        name = f"worker {number} of lane {lane}"
        if self._is_introduced:
            self.log.say(f"{name} starts")
        self.members[lane, number] = self._start(Member(self.sessions, self.log, name, lane))

    def _start(self, member: Member) -> Member:
        member.start()
        return member

    def _due(self) -> int:
        tasks = sorted(self.external.handlers) if self.external else []
        if self.external and self.external.is_busy:
            return 1
        try:
            return self.control.due(list(self._lanes()), tasks)
        except LOST:
            return 1

    # when it leaves

    def _leave(self, wait: bool) -> None:
        """Let the runs under way end, then everybody goes; the supervisor last."""
        began = time.monotonic()
        deadline = None if wait else began + self.grace
        if not wait:
            self.log.say(
                f"leaving; runs that are under way have {self.grace:g} s to end"
                " (a second signal: at once)"
            )
        if self.external:
            self.external.leave()
        self._dismiss([*self.members.values(), *self.gone], deadline)
        if self.external:
            self._await([self.external], deadline, self.external.abandon)
        if self.supervisor:
            self._dismiss([self.supervisor], time.monotonic() + LAST_WAIT)
        self.control.drop()
        self.log.say(f"stopped after {time.monotonic() - began:.1f} s")

    def _dismiss(self, members: list[Member], deadline: float | None) -> None:
        def each(deed: Callable[[Member], None]) -> None:
            with suppress(*LOST):
                for member in members:
                    if member.is_alive():
                        deed(member)

        self._await(
            members,
            deadline,
            urge=lambda: each(self.control.interrupt),
            # Again and again: one that was connecting when it was asked has a backend by now.
            ask=lambda: each(self.control.ask),
        )

    def _await(
        self,
        threads: list[threading.Thread],
        deadline: float | None,
        urge: Callable[[], None],
        ask: Callable[[], None] = lambda: None,
    ) -> None:
        """Wait for threads to end; from the deadline on, urge them."""
        while any(thread.is_alive() for thread in threads):
            ask()
            if deadline is None and self.stopping.is_set():
                deadline = time.monotonic() + self.grace
            if deadline is not None and time.monotonic() > deadline:
                urge()
                deadline = time.monotonic() + URGE
            time.sleep(0.02)
