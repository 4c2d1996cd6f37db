"""The connection of `rota worker` that does no work: it looks at lanes, and asks to leave."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from pgrota.member import Member
from pgrota.sessions import CONTROL, Sessions
from pgrota.worker_log import WorkerLog

# pg_advisory_lock(LEAVE, pid) asks the worker in that backend to leave (rota_core.asked_to_leave);
# GATE is held by a worker at all times but inside a handler.
LEAVE, GATE = 1919906919, 1919906914
CANCELS = 3

LANES = "select l.lane, l.workers from rota_core.lane_workers() as l"
DUE = "select rota_core.due_runs(%s, %s)"
SUPERVISE_ONCE = "call rota.supervise(budget => '1 ms')"
CRON_JOBS = "select coalesce((rota_core.cron_facts() ->> 'jobs')::int, 0)"
HOLD_GATE = """
select pg_try_advisory_xact_lock(%s, w.worker_id)
from rota_core.open_workers() as w
where w.pid = %s and w.kind = 'worker'
order by w.worker_id desc
limit 1
"""
WHERE = "select a.application_name from pg_stat_activity as a where a.pid = %s"


class Control:
    """Works with the rights of the login, which is the one that may signal its workers."""

    def __init__(self, sessions: Sessions, log: WorkerLog) -> None:
        self.sessions = sessions
        self.log = log
        self._connection: psycopg.Connection | None = None
        self._asked: list[Member] = []

    @property
    def connection(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self.sessions.open(CONTROL, as_worker=False)
            # What was asked ended with the session that asked.
            for member in self._asked:
                member.asked_pid = None
            self._asked.clear()
        return self._connection

    def drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    # what there is to do

    @property
    def where(self) -> str:
        """The database, for people."""
        info = self.connection.info
        return f"{info.dbname} on {info.host or 'localhost'}:{info.port}"

    def lanes(self) -> dict[str, int]:
        """Every lane and how many workers it should have."""
        return dict(self.connection.execute(LANES).fetchall())

    def due(self, lanes: list[str], tasks: list[str]) -> int:
        """How many runs of these lanes wait, external ones only of these tasks."""
        return self.connection.execute(DUE, [lanes, tasks]).fetchone()[0]

    def supervise_once(self) -> None:
        self.connection.execute(SUPERVISE_ONCE)

    def has_cron_jobs(self) -> bool:
        """Whether pg_cron works for this database too."""
        return self.connection.execute(CRON_JOBS).fetchone()[0] > 0

    # leaving

    def ask(self, member: Member) -> None:
        """Ask a worker to leave as soon as its run or its chunk has ended. May be repeated."""
        member.leaving.set()
        pid = member.pid
        if pid is None or pid == member.asked_pid:
            return
        self.connection.execute("select pg_advisory_lock(%s, %s)", [LEAVE, pid])
        member.asked_pid = pid
        self._asked.append(member)

    def forget(self, member: Member) -> None:
        """It has left. Another worker's backend may get its number."""
        if member.asked_pid is not None:
            values = [LEAVE, member.asked_pid]
            self.connection.execute("select pg_advisory_unlock(%s, %s)", values)
            member.asked_pid = None

    def interrupt(self, member: Member) -> None:
        """Stop the handler that a worker is in. Its run is undone, and repeated uncounted."""
        pid = member.pid
        if pid is None:
            return
        if member.lane is None or member.cancels >= CANCELS:
            self.connection.execute("select pg_terminate_backend(%s)", [pid])
            return
        with self.connection.transaction():
            found = self.connection.execute(HOLD_GATE, [GATE, pid]).fetchone()
            if found and found[0]:
                self._cancel_handler(member, pid)

    def _cancel_handler(self, member: Member, pid: int) -> None:
        """The gate is ours: whatever run the backend is in, it stays in it."""
        row = self.connection.execute(WHERE, [pid]).fetchone()
        words = (row[0] if row else "").split()
        if words[:2] == ["rota", "run"]:
            member.cancels += 1
            self.connection.execute("select pg_cancel_backend(%s)", [pid])
            self.log.say(f"run {words[2]} is interrupted; it will be repeated, uncounted", "warn")
