"""The line of a file at which it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import psycopg

from pgrota.lexing import statements


def line(
    connection: psycopg.Connection,
    error: psycopg.Error,
    text: str,
    send: Callable[[Iterable[str]], None],
) -> int | None:
    """Where the server says, or else the beginning of the statement that fails when sent again."""
    if error.diag.statement_position:
        return _line(text, int(error.diag.statement_position) - 1)
    reached = 0

    def one_by_one() -> Iterator[str]:
        nonlocal reached
        for place, statement in statements(text):
            reached = place
            yield statement

    try:
        with connection.transaction() as undone:
            send(one_by_one())
            raise psycopg.Rollback(undone)
    except psycopg.Error as again:
        return _line(text, reached) if str(again) == str(error) else None
    return None


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
