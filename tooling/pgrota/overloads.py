"""Functions that go by one name: those in the way of a file that makes one of that name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from pgrota import catalog
from pgrota.catalog import Stored
from pgrota.errors import Problem
from pgrota.project import SourceFile
from pgrota.record import Recorded

Key = tuple[str, str]

# Quick to answer, unlike the look at the functions themselves.
_COUNT = """
select count(*)
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where p.proname = any (%s) and n.nspname = any (%s)
"""


def strays(file: SourceFile, recorded: Recorded, there: Iterable[Stored]) -> list[Stored]:
    """Those that no deploy has made."""
    return [s for s in _named(file, there) if not _is_known(s, recorded)]


def replaced(
    connection: psycopg.Connection,
    file: SourceFile,
    recorded: Recorded,
    before: Mapping[Key, Stored],
) -> list[Key]:
    """Those that deploys have made, and that the file, which was executed, does not make."""
    old = [s for s in _named(file, before.values()) if _is_known(s, recorded)]
    names = {stored.declared for stored in old}
    words = [[d.name for d in names], [d.schema for d in names]]
    if not old or connection.execute(_COUNT, words).fetchone()[0] <= len(names):
        return []
    now = {s.key: s.version for s in catalog.lookup(connection, names)}
    return [s.key for s in old if now.get(s.key) == s.version]


def refusal(file: SourceFile, stray: Stored) -> Problem:
    return Problem(
        f"{file.path} would make an overload of {stray.identity}",
        "no deploy has made that one, and a call could mean either",
        f"drop {stray.kind} if exists {stray.identity};",
    )


def _named(file: SourceFile, there: Iterable[Stored]) -> list[Stored]:
    names = {declared for declared in file.declared if declared.kind == "function"}
    return [stored for stored in there if stored.declared in names]


def _is_known(stored: Stored, recorded: Recorded) -> bool:
    return stored.key in recorded.files or stored.key in recorded.kept
