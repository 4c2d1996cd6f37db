"""Points in time as people type them: `1h`, `30 min`, `2026-01-31 12:00`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click
import psycopg

from pgrota.database import Database

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WORDS = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "day": "d"}
_WORDS |= {"week": "w"}
_LENGTH = re.compile(r"\+?(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)


def length(text: str) -> timedelta | None:
    """`1h`, `90 s`, `2 days`: a length of time, or None when it is something else."""
    match = _LENGTH.fullmatch(text.strip())
    if not match:
        return None
    word = match.group(2).lower()
    unit = _UNITS.get(word) or _UNITS.get(_WORDS.get(word.rstrip("s"), _WORDS.get(word, "")))
    try:
        return timedelta(seconds=float(match.group(1)) * unit) if unit else None
    except OverflowError:
        return None


def ago(
    database: Database, text: str | None, option: str = "--since", zone: str | None = None
) -> datetime | None:
    """A time in the past: so long ago, or the time itself, on the clocks of a zone."""
    return _moment(database, text, option, -1, zone)


def ahead(
    database: Database, text: str | None, option: str, zone: str | None = None
) -> datetime | None:
    """A time to come: in so long, or the time itself, on the clocks of a zone."""
    return _moment(database, text, option, 1, zone)


def _moment(
    database: Database, text: str | None, option: str, sign: int, zone: str | None
) -> datetime | None:
    if text is None:
        return None
    distance = length(text)
    try:
        # The server's clock, because its times are what this is compared with.
        if distance is not None:
            return database.value("select now()") + sign * distance
        with database.transaction():
            if zone is not None:
                database.execute("select set_config('timezone', %s, true)", [zone])
            return database.value("select %s::timestamptz", [text])
    except (psycopg.DataError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is neither a length of time (30s, 10 min, 1h, 2 days) nor a time"
            " (2026-01-31 12:00)",
            param_hint=f"'{option}'",
        ) from error
