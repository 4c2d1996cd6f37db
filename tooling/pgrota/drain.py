"""Workers leave before the engine changes under them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row

from pgrota.errors import LockedOut

# How much longer than the wait the flag stands, if this process dies and cannot clear it.
GRACE = 300

# A lock outlives its CALL on a pooled backend, and a handler can drop it: a worker lives while its
# backend is at work and holds the lock, or carries the name that workers give themselves.
LIVE = """
select w.worker_id, w.kind, w.lane, w.pid, w.seen_at
from rota_core.worker as w
join pg_catalog.pg_stat_activity as a on a.pid = w.pid
where w.ended_at is null
  and coalesce(a.state, 'active') = 'active'
  and (
    a.application_name like 'rota %'
    or exists (
      select from pg_catalog.pg_locks as l
      where l.locktype = 'advisory' and l.granted and l.pid = w.pid
        and l.classid = 1919906913 and l.objid = w.worker_id::oid and l.objsubid = 2
    )
  )
order by w.worker_id
"""


class DrainNeeded(Exception):
    """The deploy has come to something that running workers would not survive."""


def live_workers(connection: psycopg.Connection) -> list[dict]:
    """Workers and supervisors that are at work.

    To be asked as the deployer: rota_owner would not see what the workers' backends do.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIVE).fetchall()


@contextmanager
def drained(
    connection: psycopg.Connection,
    wait: float,
    say: Callable[[str], None],
    insist: bool = True,
) -> Iterator[None]:
    """Ask the workers to leave, wait until they have, and let them come back afterwards.

    Gives up when they stay, unless told not to insist.
    """
    _ask(connection, wait)
    try:
        _await_departure(connection, wait, say, insist)
        yield
    finally:
        if not connection.closed:
            connection.rollback()
            clear(connection)
            connection.commit()


def clear(connection: psycopg.Connection) -> None:
    """Let the workers come back, from the commit on."""
    there = connection.execute("select to_regclass('rota_core.setting') is not null").fetchone()
    if not there[0]:
        return
    connection.execute("set local role rota_owner")
    connection.execute("delete from rota_core.setting as s where s.name = 'draining'")
    connection.execute("set local role none")


def _ask(connection: psycopg.Connection, wait: float) -> None:
    connection.execute("set local role rota_owner")
    connection.execute(
        "insert into rota_core.setting (name, value)"
        " values ('draining', (clock_timestamp() + make_interval(secs => %s))::text)"
        " on conflict (name) do update set value = excluded.value",
        [wait + GRACE],
    )
    connection.commit()


def _await_departure(
    connection: psycopg.Connection, wait: float, say: Callable[[str], None], insist: bool
) -> None:
    deadline = time.monotonic() + wait
    told = 0
    while True:
        there = live_workers(connection)
        running = _running(connection) if there else []
        connection.commit()
        if not there:
            return
        if len(there) != told:
            told = len(there)
            say(f"waiting for {told} worker{'s' if told > 1 else ''} to leave")
        if time.monotonic() > deadline:
            if not insist:
                return
            raise LockedOut(
                f"{len(there)} workers have not left within {wait:g} s; nothing was changed",
                "\n".join(f"run {r['run_id']} of task {r['task']} is running" for r in running),
                "wait for these runs or cancel them (rota run cancel RUN_ID), or give them more"
                " time: rota deploy --drain-wait 600",
            )
        time.sleep(0.1)


def _running(connection: psycopg.Connection) -> list[dict]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select r.run_id, r.task from rota_core.run as r"
            " where r.state = 'running' order by r.run_id limit 5"
        ).fetchall()
