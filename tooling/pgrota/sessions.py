"""The sessions of workers: direct connections, with settings that no role or database changes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import conninfo

from pgrota.database import Database
from pgrota.errors import CannotConnect, Problem

WORKER_ROLE = "rota_worker"
CONTROL = "rota worker control"
# Given at the start of the session, because workers `reset all` after every attempt.
SETTINGS = {
    "search_path": "pg_catalog,pg_temp",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    # Nobody reads them, and a client that has gone must not cost a handler its session.
    "client_min_messages": "error",
}
SINCE_17 = {"transaction_timeout": "0"}
# Notices a server that has vanished without a word while a long call is under way.
KEEPALIVES = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
RECONNECT_TIMEOUT = 5


class Sessions:
    """Opens the sessions that a worker process needs, once it has looked at the database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.version = 0
        self.user = ""
        self.settings = dict(SETTINGS)
        self._has_options = True

    @property
    def is_worker(self) -> bool:
        """Whether the login is the workers' role itself."""
        return self.user == WORKER_ROLE

    def examine(self) -> None:
        """Look at the database once, and refuse what cannot work."""
        with self.database.connect() as connection:
            self.version = connection.info.server_version
            self.user = _value(connection, "select session_user")
            _refuse_transaction_pooler(connection, self.database.connect)
            _refuse_standby(connection)
            try:
                _refuse_other_engine(connection)
            except psycopg.errors.InsufficientPrivilege:
                raise self._not_a_worker() from None
            if not _value(connection, "select pg_has_role(session_user, 'rota_worker', 'usage')"):
                raise self._not_a_worker()
        if self.version >= 170000:
            self.settings |= SINCE_17
        try:
            self.open(CONTROL).close()
        except CannotConnect as error:
            # Some poolers, good enough in session mode, take no settings at the start.
            if "startup parameter" not in (error.detail or ""):
                raise
            self._has_options = False
            self.open(CONTROL).close()

    def open(
        self, name: str, *, as_worker: bool = True, kind: type[Any] = psycopg.Connection
    ) -> Any:
        """A session of that name, as rota_worker unless told otherwise."""
        given = conninfo.conninfo_to_dict(self.database.url)
        extra = {key: value for key, value in KEEPALIVES.items() if key not in given}
        if self._has_options:
            own = given.get("options") or os.environ.get("PGOPTIONS", "")
            extra["options"] = " ".join([own, *map(_option, self.settings.items())]).strip()
        if self.version:
            extra["connect_timeout"] = str(RECONNECT_TIMEOUT)
        connection = self.database.connect(kind=kind, **extra)
        try:
            connection.execute("select set_config('application_name', %s, false)", [name])
            self.prepare(connection)
            if as_worker and not self.is_worker:
                connection.execute(f"set role {WORKER_ROLE}")
        except psycopg.errors.InsufficientPrivilege:
            connection.close()
            raise self._not_a_worker() from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _not_a_worker(self) -> Problem:
        options = " with inherit true, set true" if self.version >= 160000 else ""
        return Problem(
            f"{self.user} may not act as {WORKER_ROLE}",
            hint=f"grant {WORKER_ROLE} to {self.user}{options};  -- or log in as {WORKER_ROLE}",
        )

    def prepare(self, connection: psycopg.Connection) -> None:
        """What has to be said again before each call, where it could not be said at the start."""
        if not self._has_options:
            for setting in self.settings.items():
                connection.execute("select set_config(%s, %s, false)", setting)


def _option(setting: tuple[str, str]) -> str:
    name, value = setting
    return "-c {}={}".format(name, value.replace("\\", "\\\\").replace(" ", "\\ "))


def _value(connection: psycopg.Connection, query: str) -> object:
    return connection.execute(query).fetchone()[0]


def _refuse_transaction_pooler(
    first: psycopg.Connection, connect: Callable[..., psycopg.Connection]
) -> None:
    """Workers keep state in their session. Behind a pooler the process that answers is not the one
    that the connection was promised; whether it changes hands, a second connection shows."""
    pid = _value(first, "select pg_backend_pid()")
    if pid == first.info.backend_pid:
        return
    with connect(autocommit=False) as second:
        other = _value(second, "select pg_backend_pid()")
        if other != pid and _value(first, "select pg_backend_pid()") == pid:
            return
    raise Problem(
        "this address is a pooler in transaction mode, and workers need a session of their own",
        hint="give the address of the server itself, or of a pooler in session mode",
    )


def _refuse_standby(connection: psycopg.Connection) -> None:
    if _value(connection, "select pg_is_in_recovery()"):
        raise Problem(
            "this server is a standby, where nothing can be written",
            hint="give the address of the primary",
        )


def _refuse_other_engine(connection: psycopg.Connection) -> None:
    query = (
        "select array[to_regprocedure('rota.work(text, interval, interval)'),"
        " to_regprocedure('rota_core.lane_workers()')]::text[]"
    )
    found = _value(connection, query)
    if None in found:
        raise Problem(
            "rota is not installed in this database"
            if found == [None, None]
            else "rota in this database is older than this command",
            hint="rota deploy",
        )
