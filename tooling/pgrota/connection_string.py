"""Whether a connection string says what its writer meant, told without quoting any of it."""

from __future__ import annotations

import re

from psycopg import Error
from psycopg.conninfo import conninfo_to_dict

HINT = (
    "the form is postgresql://user@host:5432/database; a password follows user: and has %40 for @,"
    " %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %, or stands in PGPASSWORD or ~/.pgpass"
)
ODD = "a password with special characters seems to be written as it is"
NEITHER = "it is no URL that begins with postgresql://, and not all of it is keyword=value"


def is_odd(url: str) -> bool:
    """Whether it cannot be read, or was read in a way that nobody means."""
    return trouble(url) is not None


def trouble(url: str) -> str | None:
    """What is wrong with it: libpq's words up to where it would quote."""
    try:
        parts = conninfo_to_dict(url)
    except (Error, UnicodeError, ValueError) as error:
        words = re.match(r'(?:[^"]|"[=:/\]]")*', str(error))[0]
        return NEITHER if words.startswith('missing "=" after') else words.strip(" :\n") or ODD
    ports = str(parts.get("port") or "").split(",")
    if any(port and not port.isdigit() for port in ports):
        return ODD
    if url.startswith(("postgresql://", "postgres://")) and url.split("?", 1)[0].count("@") > 1:
        return ODD
    return None
