"""The statements of a deploy, as they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

# What alembic and SQLAlchemy ask for themselves.
_ASKS = re.compile(
    r"SELECT\b.*\b(pg_catalog\.|version_num\b)|select (pg_catalog\.version|current_schema)\(|show ",
    re.S,
)


class RecordingCursor(psycopg.Cursor):
    """A cursor that writes down what it executes while its connection records."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> RecordingCursor:
        if getattr(self.connection, "recording", False):
            self.connection.statements.append(_text(self.connection, query, params))
        return super().execute(query, params, **options)


@contextmanager
def recorded(connection: psycopg.Connection) -> Iterator[None]:
    """What is executed here is part of what a deploy does, and not how it looks around."""
    before = getattr(connection, "recording", False)
    connection.recording = True
    try:
        yield
    finally:
        connection.recording = before


def act_as(connection: psycopg.Connection, role: str) -> None:
    """Be this role from now on, in the script of the deploy too."""
    with recorded(connection):
        connection.execute(f"set local role {role}")


@contextmanager
def unless_it_fails(connection: psycopg.Connection) -> Iterator[None]:
    """Forget what was written down here when it comes to nothing."""
    statements = getattr(connection, "statements", [])
    length = len(statements)
    try:
        yield
    except BaseException:
        del statements[length:]
        raise


def script(statements: list[str]) -> Iterator[str]:
    """The statements as a file that psql reads."""
    role = wanted = "none"
    for text in statements:
        statement = text.strip().rstrip(";")
        if _ASKS.match(statement):
            continue
        found = re.fullmatch(r"set local role (.+)", statement)
        if found:
            wanted = found[1]
            continue
        if wanted != role:
            role = wanted
            yield f"set local role {role};"
        yield f"{statement};"


def _text(connection: psycopg.Connection, query: Any, params: Any) -> str:
    if isinstance(query, psycopg.sql.Composable):
        query = query.as_string(connection)
    if params:
        return psycopg.ClientCursor(connection).mogrify(query, params)
    return query.decode() if isinstance(query, bytes) else str(query)
