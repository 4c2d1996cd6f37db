"""What a role may not see or do is said clearly, with the grant that would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from typing import Any

import psycopg

from pgrota.database import Database
from pgrota.errors import Problem

_MISSING = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)


def needs(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command whose functions or views `role` may use."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def attempt(database: Database, *args: Any, **options: Any) -> Any:
            with explained(database, role):
                return function(database, *args, **options)

        return update_wrapper(attempt, function)

    return decorate


@contextmanager
def explained(database: Database, role: str) -> Iterator[None]:
    """Turns what Postgres says about missing rights and objects into something to type."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        # Refusals of rota's own functions say enough themselves.
        if not is_plain_refusal(error):
            raise
        user = database.connection().info.user
        raise Problem(
            f"{user} has no right to this: {error.diag.message_primary}",
            hint=f"grant {role} to {user};",
        ) from error
    except _MISSING as error:
        if database.exists("rota.start"):
            raise
        raise Problem(
            f"rota is not installed in this database ({database.shown})", hint="rota deploy"
        ) from error


def is_plain_refusal(error: psycopg.Error) -> bool:
    """Whether a grant is missing, rather than that one of rota's functions refuses."""
    return (error.diag.message_primary or "").startswith("permission denied for")
