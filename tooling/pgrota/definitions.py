"""Tasks, schedules, subscriptions and the like: which file defines which, and what it says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import psycopg

from pgrota import calls, project
from pgrota.catalog import Row
from pgrota.change import Change, differing
from pgrota.errors import Problem
from pgrota.lexing import blanked
from pgrota.project import Project, SourceFile
from pgrota.record import Recorded

Key = tuple[str, str]

# What only declares; everything else may define.
_DECLARES = re.compile(r"\s*(create|comment|revoke|grant|alter|drop|set|reset)\b|\s*$", re.I)
_OTHERS = (
    "select o.kind, o.identity, o.project, o.file from rota_core.deployed_object as o"
    " where o.project <> %s and not o.is_kept"
)


@dataclass(frozen=True)
class Definition:
    """A definition as it stands."""

    kind: str
    name: str
    text: str = field(repr=False)
    version: str = ""
    at: datetime | None = None
    by: str | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.name

    @cached_property
    def said(self) -> dict:
        return json.loads(self.text)

    def row(self) -> Row:
        """As the record keeps it."""
        text = json.dumps(self.said, indent=2, sort_keys=True, ensure_ascii=False)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        return Row(self.kind, self.name, fingerprint, text, {})


def read(connection: psycopg.Connection) -> dict[Key, Definition]:
    """Every definition; none where the engine does not know of them yet."""
    query = "select to_regprocedure('rota_core.definitions()') is not null"
    if not connection.execute(query).fetchone()[0]:
        return {}
    try:
        with connection.transaction():
            rows = connection.execute(
                "select d.kind, d.name, d.definition::text, d.version, d.defined_at, d.defined_by"
                " from rota_core.definitions() as d order by d.kind, d.name"
            ).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        # Somebody has dropped a view of the engine's: that is drift, to be found and put right.
        return {}
    return {(row[0], row[1]): Definition(*row) for row in rows}


def versions(connection: psycopg.Connection) -> dict[Key, str]:
    """The version of each of them."""
    query = "select d.kind, d.name, d.version from rota_core.definition as d"
    return {(kind, name): version for kind, name, version in connection.execute(query)}


class Definitions:
    """What the files of one project define, before and after they were executed."""

    def __init__(self, connection: psycopg.Connection, each: Project, recorded: Recorded) -> None:
        self.connection = connection
        self.project = each
        self.recorded = recorded
        self.skipped = each.is_engine
        self.before = {} if self.skipped else read(connection)
        self.now = self.before
        self.versions = {key: found.version for key, found in self.before.items()}
        self.is_claimed = False
        self.file_of: dict[Key, str] = {}

    def differs(self, file: SourceFile) -> bool:
        """Whether something that the file defines is not as it was left."""
        return any(
            key not in self.before or differing(said, self.before[key].said)
            for key, said in self.recorded.definitions_of(file.path).items()
        )

    @contextmanager
    def watching(self, file: SourceFile) -> Iterator[None]:
        """See what the file defines while it is executed."""
        yield
        if self.skipped or _only_declares(file.text):
            return
        before, self.versions = self.versions, versions(self.connection)
        if self.is_claimed:
            self.now = read(self.connection)
        for key, version in self.versions.items():
            if before.get(key) != version:
                other = self.file_of.setdefault(key, file.path)
                if other != file.path:
                    kind, name = key
                    raise Problem(
                        f"{kind} {name} is defined twice", f"in {other} and in {file.path}"
                    )

    def claim(self, executed: Iterable[SourceFile]) -> None:
        """Settle which of the executed files makes what.

        What a file names and leaves alone because it is there belongs to it too, unless it is
        somebody else's.
        """
        if self.skipped:
            return
        others = {
            (kind, name): (other, path)
            for kind, name, other, path in self.connection.execute(_OTHERS, [self.project.name])
        }
        for key, path in self.file_of.items():
            if key in others and others[key][0] not in project.recipes():
                raise Problem(
                    f"{key[0]} {key[1]} belongs to project {others[key][0]}",
                    f"{path} would define it anew; it was deployed from {others[key][1]}",
                    f"take it out of one of them, or: rota remove {others[key][0]}",
                )
        self.now = read(self.connection)
        self.is_claimed = True
        executed = list(executed)
        settled = {f.path for f in self.project.files} - {f.path for f in executed}
        for file in executed:
            mine = [
                *((d.kind, d.name) for d in calls.definitions(file.text)),
                *self._named_in_bodies(file),
            ]
            for key in mine:
                path, _ = self.recorded.defined.get(key, (None, None))
                if key in self.now and key not in others and path not in settled:
                    self.file_of.setdefault(key, file.path)

    def _named_in_bodies(self, file: SourceFile) -> list[Key]:
        """What it defined before, and still names in a block of code."""
        return [
            (kind, name)
            for kind, name in self.recorded.definitions_of(file.path)
            if name in file.text and not _only_declares(file.text)
        ]

    def vanished(self, executed: Iterable[str], gone: Iterable[str]) -> dict[Key, str]:
        """What files defined and define no longer, with the file."""
        paths = {*executed, *gone}
        old = {key: path for key, (path, _) in self.recorded.defined.items() if path in paths}
        old |= {key: path for key, path in self.recorded.kept.items() if key[0] in calls.KINDS_OF}
        return {
            key: path for key, path in old.items() if key not in self.file_of and key in self.now
        }

    def rows_of(self, path: str) -> list[Row]:
        """What a file defines, for the record."""
        return [self.now[key].row() for key, file in self.file_of.items() if file == path]

    def changes(self, hashes: dict[str, tuple[str | None, str | None]]) -> list[Change]:
        """What was defined and differs from before."""
        found = []
        for key, path in self.file_of.items():
            was, now = self.before.get(key), self.now[key]
            fields = differing(was.said, now.said) if was else {}
            if fields or not was:
                action = "change" if was else "create"
                found.append(Change(*key, action, path, hashes[path], fields))
        return found


def _only_declares(text: str) -> bool:
    return all(_DECLARES.match(part) for part in blanked(text).split(";"))
