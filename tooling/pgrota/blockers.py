"""Who keeps a session waiting for a lock: looked at from another one, while it waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from pgrota.errors import few

SECONDS_BETWEEN_LOOKS = 0.02
MOST_NAMED = 5

# Those that hold it longest come first. What others do is hidden from those without the rights of
# pg_read_all_stats: they see who it is.
_WAITS = """
select
  l.mode,
  case
    when c.oid is not null then format('%%I.%%I', n.nspname, c.relname)
    when l.locktype = 'object' then pg_describe_object(l.classid, l.objid, 0)
  end as thing,
  b.pid, a.usename as role, a.application_name as application, a.state,
  a.xact_start as since, a.query_start as last
from pg_catalog.pg_locks as l
cross join unnest(pg_blocking_pids(l.pid)) as b (pid)
left join pg_catalog.pg_class as c on c.oid = l.relation
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_stat_activity as a on a.pid = b.pid
where l.pid = %s and not l.granted
order by a.xact_start, b.pid
"""
_HOLDER = """
select
  l.mode, null as thing, a.pid, a.usename as role, a.application_name as application, a.state,
  a.xact_start as since, a.query_start as last
from pg_catalog.pg_locks as l
join pg_catalog.pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and (l.classid, l.objid) = (%s, %s)
  and l.database = (select d.oid from pg_catalog.pg_database as d
                    where d.datname = current_database())
"""


@dataclass(frozen=True)
class Blocker:
    """A session, and what it holds that another one waits for."""

    mode: str
    thing: str | None
    pid: int
    role: str | None
    application: str | None
    state: str | None
    since: datetime | None
    last: datetime | None

    def __str__(self) -> str:
        if not self.pid:
            return "a prepared transaction: see pg_prepared_xacts"
        parts = [
            f"process {self.pid} of {self.role}",
            self.application and f"({self.application})",
            self.state,
        ]
        times = [
            self.since and f"its transaction began at {_shown(self.since)}",
            self.last and f"its last statement at {_shown(self.last)}",
        ]
        known = [" ".join(part for part in parts if part), *times]
        return ", ".join(part for part in known if part)


def holder(connection: psycopg.Connection, lock: tuple[int, int]) -> str | None:
    """Who has this advisory lock."""
    with connection.cursor(row_factory=class_row(Blocker)) as cursor:
        found = cursor.execute(_HOLDER, lock).fetchone()
    return str(found) if found else None


class Witness:
    """What was seen last of a session's waits."""

    def __init__(self) -> None:
        self.blockers: list[Blocker] = []

    @property
    def wanted(self) -> str | None:
        """The lock that was waited for."""
        if not self.blockers:
            return None
        first = self.blockers[0]
        return f"{first.mode} on {first.thing}" if first.thing else "the end of a transaction"

    @property
    def detail(self) -> str:
        return few(self.blockers, MOST_NAMED)

    @contextmanager
    def watching(self, connection: psycopg.Connection) -> Iterator[None]:
        """Look at the transaction that the connection is in, or begins with this."""
        pid = connection.execute("select pg_backend_pid()").fetchone()[0]
        done = threading.Event()
        arguments = (connection.info.dsn, connection.info.password, pid, done)
        thread = threading.Thread(target=self._look, args=arguments, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _look(self, dsn: str, password: str, pid: int, done: threading.Event) -> None:
        # Where there is no connection to be had, nobody is named.
        with (
            suppress(psycopg.Error),
            psycopg.connect(
                dsn, password=password, autocommit=True, prepare_threshold=None
            ) as other,
            other.cursor(row_factory=class_row(Blocker)) as cursor,
        ):
            while not done.wait(SECONDS_BETWEEN_LOOKS):
                found = cursor.execute(_WAITS, [pid]).fetchall()
                self.blockers = found or self.blockers


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"
