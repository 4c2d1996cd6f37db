"""A transaction that succeeds whole or leaves no trace, and is tried again when locks say so."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from pgrota.errors import LockedOut, Problem, Refusal, is_transient
from pgrota.migration import HeldConnection
from pgrota.recording import recorded

LOCK = (1919906916, 1)
LOCK_TIMEOUT = "300ms"
TRIES = 15
UNCHANGED = "nothing was changed; try again when the server answers"
UNKNOWN = "whether it took effect is not known; when the server answers, rota plan tells"
SESSION = {
    "search_path": "pg_catalog, pg_temp",
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_min_messages": "warning",
    "check_function_bodies": "on",
    "quote_all_identifiers": "off",
    "intervalstyle": "postgres",
}


@dataclass(frozen=True)
class Patience:
    """How long to wait for others, in seconds."""

    lock: float = 10.0
    drain: float = 60.0


def settle(
    connection: psycopg.Connection, more: Mapping[str, str] | None = None, local: bool = True
) -> None:
    """Set what statements mean and how long they wait, for the transaction or the session."""
    for name, value in {**SESSION, **(more or {})}.items():
        connection.execute("select set_config(%s, %s, %s)", [name, value, local])


def retried(once: Transaction) -> Any:
    """Waiting long for a lock would make everyone queue behind it: wait little, but often."""
    connection = once.connection
    for tried in range(1, TRIES + 1):
        try:
            return once.run()
        except psycopg.Error as error:
            if connection.closed or not is_transient(error):
                raise
            connection.rollback()
            if tried == TRIES:
                raise _blocked(connection, error) from error
            once.say(f"somebody else holds a lock ({error.diag.message_primary}); trying again")
            time.sleep(random.uniform(0.1, 0.3) * min(tried, 6))
    raise AssertionError("unreachable")


class Transaction:
    """One try of a whole that succeeds or leaves no trace."""

    def __init__(
        self,
        connection: HeldConnection,
        patience: Patience,
        say: Callable[[str], None],
        dry_run: bool = False,
    ) -> None:
        self.connection = connection
        self.patience = patience
        self.say = say
        self.dry_run = dry_run

    def run(self) -> Any:
        try:
            self._prepare()
            self._take_lock()
            result = self.work()
        except BaseException as error:
            if not self.connection.closed:
                self.connection.rollback()
            elif isinstance(error, psycopg.Error):
                raise Refusal(error, hint=UNCHANGED) from error
            elif isinstance(error, Refusal):
                error.hint = UNCHANGED
            raise
        if self.dry_run:
            self.connection.rollback()
        else:
            self._commit()
        return result

    def _commit(self) -> None:
        try:
            self.connection.commit()
        except psycopg.Error as error:
            if not self.connection.closed:
                raise
            raise Refusal(error, "at the commit", UNKNOWN) from error

    def work(self) -> Any:
        raise NotImplementedError

    def _prepare(self) -> None:
        settle(self.connection)

    def _take_lock(self) -> None:
        deadline = time.monotonic() + self.patience.lock
        told = False
        query = "select pg_try_advisory_xact_lock(%s, %s)"
        while not self.connection.execute(query, LOCK).fetchone()[0]:
            if time.monotonic() > deadline:
                raise LockedOut(
                    "another deploy of this database is under way", _holder(self.connection)
                )
            if not told:
                self.say("another deploy is under way; waiting for it")
                told = True
            time.sleep(0.1)

    def _act_as(self, role: str) -> None:
        with recorded(self.connection):
            self.connection.execute(f"set local role {role}")


def _holder(connection: psycopg.Connection) -> str | None:
    found = connection.execute(
        "select a.pid, a.usename, a.application_name, a.xact_start"
        " from pg_catalog.pg_locks as l"
        " join pg_catalog.pg_stat_activity as a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s"
        " and l.database = (select d.oid from pg_catalog.pg_database as d"
        "  where d.datname = current_database())",
        LOCK,
    ).fetchone()
    if not found:
        return None
    pid, role, application, since = found
    return f"process {pid} of {role} ({application}), since {since}"


def _blocked(connection: psycopg.Connection, error: psycopg.Error) -> Problem:
    """Who stands in the way, as far as we may see."""
    try:
        rows = connection.execute(
            "select distinct a.pid, a.usename, a.application_name, a.state, l.relation::regclass"
            " from pg_catalog.pg_locks as l"
            " join pg_catalog.pg_stat_activity as a on a.pid = l.pid"
            " where l.granted and l.pid <> pg_backend_pid() and l.locktype = 'relation'"
            "  and l.relation::regclass::text ~ '^(rota|rota_core)[.]' limit 10"
        ).fetchall()
        connection.rollback()
    except psycopg.Error:
        rows = []
    detail = "\n".join(
        f"process {pid} of {role} ({application}, {state}) holds {relation}"
        for pid, role, application, state, relation in rows
    )
    return LockedOut(
        f"gave up after {TRIES} tries: {error.diag.message_primary}; nothing was changed",
        detail or error.diag.context,
        "run it again when these sessions are done, or end one: select pg_terminate_backend(PID);",
    )
