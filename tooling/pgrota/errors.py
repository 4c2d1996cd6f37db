"""What the tool says when something is wrong, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import psycopg

OK, ERROR, USAGE, PENDING, DRIFT, LOCK, LINT, TESTS, CANNOT_CONNECT = range(9)

# Too many clients, the server shutting down or starting up, a connection that went away.
_CONNECTION_LOST = ("08", "57P")
_LOCKED = ("55P03", "40P01", "55006")
_READ_ONLY = "25006"
_WHY_READ_ONLY = (
    "default_transaction_read_only is on for this database or role, or the server is a standby;"
    " see: rota doctor"
)
_GONE = "the server went away or ended the session; try again when it answers"


class Problem(click.ClickException):
    """Something the user can act on: a message, perhaps a detail and a hint to type."""

    exit_code = ERROR

    def __init__(self, message: str, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.detail = detail
        self.hint = hint

    def format_message(self) -> str:
        lines = [self.message, self.detail, self.hint and f"Hint: {self.hint}"]
        return "\n".join(line for line in lines if line)

    def as_json(self) -> dict:
        return {"message": self.message, "detail": self.detail, "hint": self.hint}


class Refusal(Problem):
    """The database said no. Carries its detail and hint to the terminal."""

    def __init__(
        self, error: psycopg.Error, doing: str | None = None, hint: str | None = None
    ) -> None:
        diag = error.diag
        # Of what libpq says of a lost connection, the rest is guesswork.
        said = str(error).strip().splitlines() or [type(error).__name__]
        message = diag.message_primary or said[0]
        super().__init__(
            f"{doing}: {message}" if doing else message,
            diag.message_detail,
            diag.message_hint or hint,
        )
        self.sqlstate = error.sqlstate
        self.exit_code = exit_code_of(error)
        if self.hint is None and self.sqlstate == _READ_ONLY:
            self.hint = _WHY_READ_ONLY
        elif self.hint is None and self.exit_code == CANNOT_CONNECT:
            self.hint = _GONE

    def as_json(self) -> dict:
        return super().as_json() | {"sqlstate": self.sqlstate}


class LockedOut(Problem):
    """Somebody else holds what is needed."""

    exit_code = LOCK


class CannotConnect(Problem):
    """There is no way to the database."""

    exit_code = CANNOT_CONNECT


def exit_code_of(error: psycopg.Error) -> int:
    """The exit code for an error of the database."""
    import psycopg

    state = error.sqlstate or ""
    if state in _LOCKED:
        return LOCK
    if state.startswith(_CONNECTION_LOST):
        return CANNOT_CONNECT
    if not state and isinstance(error, psycopg.OperationalError):
        return CANNOT_CONNECT
    return ERROR


def is_transient(error: psycopg.Error) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    state = error.sqlstate or ""
    if state in ("55P03", "40P01", "40001"):
        return True
    message = error.diag.message_primary or ""
    # Two deploys into two databases of one cluster meet in the shared catalogs.
    if state == "XX000":
        return message.startswith("tuple concurrently")
    return state == "23505" and (error.diag.schema_name or "") == "pg_catalog"


def few(things: Sequence[object], most: int) -> str:
    """A line for each, and of many for the first ones."""
    lines = [str(thing) for thing in things[:most]]
    more = len(things) - most
    return "\n".join(lines + ([f"and {more} more"] if more > 0 else []))


@contextmanager
def at(place: str) -> Iterator[None]:
    """An error that is passed on as it is knows where it arose."""
    try:
        yield
    except Exception as error:
        error.add_note(place)
        raise


def place_of(error: BaseException) -> str | None:
    """The innermost place that it was given."""
    return next(iter(getattr(error, "__notes__", ())), None)
