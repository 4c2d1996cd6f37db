"""Talking to the database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import update_wrapper
from typing import Any

import click
import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pgrota import connection_string, masking
from pgrota.address import clean, find_address
from pgrota.errors import CannotConnect

CONNECT_TIMEOUT = 10


class Database:
    """A database that is connected to when it is first needed.

    Nothing here depends on session state, so every method works through a pooler.
    """

    def __init__(self, url: str = "", source: str = "argument", application: str = "rota") -> None:
        self.url = clean(url)
        self.source = source
        self.application = application
        self._connection: psycopg.Connection | None = None
        masking.remember(self.url, os.environ.get("PGPASSWORD"))

    @classmethod
    def resolve(cls, option: str | None = None) -> Database:
        """The database that the user means."""
        address = find_address(option)
        return cls(address.url, address.source)

    @property
    def shown(self) -> str:
        """The connection string, fit to be shown."""
        if self._connection is not None and not self._connection.closed:
            info = self._connection.info
            return f"{info.dbname} on {info.host or 'localhost'}:{info.port} as {info.user}"
        try:
            parts = psycopg.conninfo.conninfo_to_dict(self.url)
        except psycopg.ProgrammingError:
            return "a connection string that cannot be read"
        if not parts:
            return "the default database of libpq"
        host = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
        user = f" as {parts['user']}" if "user" in parts else ""
        shown = f"{parts.get('dbname', 'the default database')} on {host}{user}"
        return masking.mask(shown, pieces=True)

    def connect(
        self,
        autocommit: bool = True,
        kind: type[psycopg.Connection] = psycopg.Connection,
        **overrides: Any,
    ) -> psycopg.Connection:
        """A new connection, which the caller closes."""
        try:
            overrides.setdefault("connect_timeout", self._connect_timeout())
            return kind.connect(
                self.url,
                autocommit=autocommit,
                prepare_threshold=None,
                application_name=self.application,
                **overrides,
            )
        except (psycopg.Error, UnicodeError, ValueError) as error:
            raise self._cannot_connect(error) from None

    def connection(self) -> psycopg.Connection:
        """The shared connection, each statement its own transaction."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """Several statements that take effect together."""
        with self.connection().transaction():
            yield self.connection()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()

    def rows(self, query: str, params: Sequence | dict | None = None) -> list[dict[str, Any]]:
        """All rows of a query."""
        with self.connection().cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def row(self, query: str, params: Sequence | dict | None = None) -> dict[str, Any] | None:
        """The first row of a query, or None."""
        found = self.rows(query, params)
        return found[0] if found else None

    def value(self, query: str, params: Sequence | dict | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self.row(query, params)
        return next(iter(found.values())) if found else None

    def execute(self, query: str, params: Sequence | dict | None = None) -> None:
        """A statement without a result."""
        self.connection().execute(query, params)

    def call(self, function: str, **arguments: Any) -> Any:
        """Call a function by name: `call("rota.cancel", run_id=1)`.

        One column comes back as its value, several as a dict, a set as a list of either.
        Arguments that are None are passed as null; leave one out to get its default.
        """
        names = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name))
            for name in arguments
        )
        query = sql.SQL("select * from {}({})").format(sql.Identifier(*function.split(".")), names)
        values = {name: _adapt(value) for name, value in arguments.items()}
        with self.connection().cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(query, values).fetchall()
            single = len(cursor.description or ()) == 1
        results = [next(iter(row.values())) if single else row for row in found]
        return results[0] if len(results) == 1 else results or None

    def exists(self, relation_or_function: str) -> bool:
        """Whether a table, view or function of this name is there."""
        return bool(
            self.value(
                "select exists (select from pg_catalog.pg_class as c"
                " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace"
                " where n.nspname || '.' || c.relname = %(name)s)"
                " or exists (select from pg_catalog.pg_proc as p"
                " join pg_catalog.pg_namespace as n on n.oid = p.pronamespace"
                " where n.nspname || '.' || p.proname = %(name)s)",
                {"name": relation_or_function},
            )
        )

    def _connect_timeout(self) -> int:
        return int(os.environ.get("PGCONNECT_TIMEOUT") or CONNECT_TIMEOUT)

    def _cannot_connect(self, error: Exception) -> CannotConnect:
        if connection_string.is_odd(self.url):
            # What libpq took for a host or a port may be part of a password.
            return CannotConnect(
                f"the connection string cannot be read ({self.source})",
                connection_string.trouble(self.url),
                connection_string.HINT,
            )
        lines = [masking.mask(line.strip(), pieces=True) for line in str(error).splitlines()]
        hint = f"check user, password, host, port and database in {self.source}"
        if self.source == "libpq":
            hint = (
                "give --database-url postgresql://user@host:5432/database, or set DATABASE_URL;"
                " rota dev up starts a server of its own"
            )
        return CannotConnect(
            f"cannot connect to the database ({self.source}: {self.shown})",
            "\n".join(line for line in lines if line) or type(error).__name__,
            hint,
        )


def _adapt(value: Any) -> Any:
    if isinstance(value, dict):
        return Jsonb(value)
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return [Jsonb(element) for element in value]
    return value


def pass_database(function):
    """Give a command the database that the user means, as its first argument."""

    @click.pass_context
    def with_database(context: click.Context, *args: Any, **kwargs: Any) -> Any:
        options = context.find_root().obj
        database = Database.resolve(getattr(options, "database_url", None))
        context.call_on_close(database.close)
        return context.invoke(function, database, *args, **kwargs)

    return update_wrapper(with_database, function)
