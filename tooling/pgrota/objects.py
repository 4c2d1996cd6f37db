"""The lane of what is re-stated: files whose source or whose objects in the catalog changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg

from pgrota import catalog, migration, record
from pgrota.catalog import Stored
from pgrota.errors import Problem, Refusal, is_transient
from pgrota.project import Project, SourceFile

# The shape of an existing function or view forbids `create or replace`, or its name has become
# ambiguous because another signature stands beside it.
_SHAPE_CHANGED = ("42P13", "42P16", "42809", "42725")
_ROUNDS = 5


@dataclass(frozen=True)
class Change:
    """One line of what a deploy does."""

    kind: str
    name: str
    action: str
    file: str | None = None
    source: tuple[str | None, str | None] = (None, None)

    def as_json(self) -> dict:
        found = {"kind": self.kind, "name": self.name, "action": self.action, "file": self.file}
        if self.source != (None, None):
            found["source"] = {"from": self.source[0], "to": self.source[1]}
        return {key: value for key, value in found.items() if value is not None}


@dataclass
class ObjectLane:
    """Brings the objects of one project to what its files say."""

    connection: psycopg.Connection
    project: Project
    role: str
    hint: Callable[[psycopg.Error], str | None]
    before_drop: Callable[[str], None]
    drop_vanished: bool = True
    changes: list[Change] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorded = record.read(self.connection, self.project.name)
        self.declared = [d for file in self.project.files for d in file.declared]
        self.file_of = {d: file for file in self.project.files for d in file.declared}
        self.before = {stored.key: stored for stored in self._lookup()}
        self.executed: dict[str, SourceFile] = {}
        self.vanished_files: list[str] = []

    def apply(self) -> None:
        """Execute what differs, drop what is gone, until nothing is left to do."""
        paths = {file.path for file in self.project.files}
        vanished = sorted(set(self.recorded.hashes) - paths)
        if self.drop_vanished:
            self.vanished_files = vanished
        else:
            self.kept = vanished
        todo = [file for file in self.project.files if self._differs(file)]
        gone = [key for path in self.vanished_files for key in self.recorded.objects_of(path)]
        for _ in range(_ROUNDS):
            if not todo and not gone:
                break
            with self._owners_may_create(todo):
                for file in todo:
                    self._execute(file)
            after = self._lookup()
            gone += self._replaced(todo, after)
            self._refuse_overloads(todo, after)
            self._drop(gone, after)
            todo, gone = self._lost(), []
        self._describe()

    def keep(self, deploy_id: int) -> None:
        """Write the outcome into the record."""
        after = self._lookup()
        for file in self.executed.values():
            made = [s for s in after if self.file_of.get(s.declared) is file]
            record.keep(self.connection, self.project.name, deploy_id, file, made)
        if self.vanished_files:
            record.forget(self.connection, self.project.name, self.vanished_files)

    def _lookup(self) -> list[Stored]:
        found = catalog.lookup(self.connection, self.declared)
        return [stored for stored in found if stored.declared in self.file_of]

    def _differs(self, file: SourceFile) -> bool:
        if self.recorded.hashes.get(file.path) != file.source_hash:
            return True
        return any(
            key not in self.before
            or self.before[key].fingerprint != self.recorded.fingerprints[key]
            for key in self.recorded.objects_of(file.path)
        )

    def _execute(self, file: SourceFile) -> None:
        try:
            with self.connection.transaction():
                self._send(file)
        except psycopg.Error as error:
            if error.sqlstate not in _SHAPE_CHANGED:
                raise self._located(error, file) from error
            for stray in self._strays(file, self.before.values()):
                raise _overload(file, stray) from error
            mine = [key for key in self.recorded.objects_of(file.path) if self._exists(key)]
            if not mine:
                raise self._located(error, file) from error
            self._drop(mine, self._lookup())
            try:
                self._send(file)
            except psycopg.Error as again:
                raise self._located(again, file) from again
        self.executed[file.path] = file

    def _send(self, file: SourceFile) -> None:
        self.connection.execute(f"set local role {self.role}")
        with migration.searching(self.connection, self.project.search_path):
            self.connection.execute(file.text)
        self.connection.execute(f"set local role {self.role}")

    @contextmanager
    def _owners_may_create(self, files: list[SourceFile]):
        roles = ", ".join(sorted({role for file in files for role in file.other_owners}))
        if not roles:
            yield
            return
        self.connection.execute("set local role rota_owner")
        self.connection.execute(f"grant create on schema rota_core to {roles}")
        yield
        self.connection.execute("set local role rota_owner")
        self.connection.execute(f"revoke create on schema rota_core from {roles}")
        self.connection.execute(f"set local role {self.role}")

    def _replaced(self, files: list[SourceFile], after: list[Stored]) -> list[tuple[str, str]]:
        """Objects that an executed file made before and makes no longer."""
        made = {s.key for s in after if s.kind in ("view", "trigger") or self._is_new(s)}
        return [
            key
            for file in files
            for key in self.recorded.objects_of(file.path)
            if key not in made and self._exists(key)
        ]

    def _refuse_overloads(self, files: list[SourceFile], after: list[Stored]) -> None:
        for file in files:
            for stray in self._strays(file, after):
                if not self._is_new(stray):
                    raise _overload(file, stray)

    def _strays(self, file: SourceFile, there: Iterable[Stored]) -> list[Stored]:
        """Functions that go by a name of this file and that no deploy has made."""
        return [
            stored
            for stored in there
            if stored.declared.kind == "function"
            and self.file_of[stored.declared] is file
            and stored.key not in self.recorded.files
        ]

    def _is_new(self, stored: Stored) -> bool:
        known = self.before.get(stored.key)
        return known is None or known.version != stored.version

    def _exists(self, key: tuple[str, str]) -> bool:
        kind, identity = key
        if kind == "trigger":
            return any(s.key == key for s in self._lookup())
        function = "to_regclass" if kind == "view" else "to_regprocedure"
        query = f"select {function}(%s) is not null"
        return self.connection.execute(query, [identity]).fetchone()[0]

    def _drop(self, keys: list[tuple[str, str]], there: list[Stored]) -> None:
        """Drop objects together with what depends on them, as long as it is ours to remake."""
        ours = {(s.classid, s.oid) for s in there}
        for key in dict.fromkeys(keys):
            kind, identity = key
            if not self._exists(key):
                continue
            self.before_drop(f"{kind} {identity} goes")
            foreign = [
                d["description"]
                for d in catalog.dependants(self.connection, kind, identity)
                if (d["classid"], d["oid"]) not in ours
            ]
            if foreign:
                raise Problem(
                    f"{kind} {identity} cannot be dropped: something else depends on it",
                    "\n".join(foreign),
                    "drop or change that first",
                )
            self.connection.execute(catalog.drop_statement(kind, identity, cascade=True))

    def _lost(self) -> list[SourceFile]:
        """Files whose objects went together with a dropped one and have to be made again."""
        there = {stored.declared for stored in self._lookup()}
        return [file for file in self.project.files if any(d not in there for d in file.declared)]

    def _describe(self) -> None:
        after = {stored.key: stored for stored in self._lookup()}
        for file in self.executed.values():
            hashes = (self.recorded.hashes.get(file.path), file.source_hash)
            made = [s for s in after.values() if self.file_of[s.declared] is file]
            differing = [
                s
                for s in made
                if s.key not in self.before or self.before[s.key].fingerprint != s.fingerprint
            ]
            for s in differing:
                action = "change" if s.key in self.before else "create"
                self.changes.append(Change(s.kind, s.identity, action, file.path, hashes))
            if not differing:
                action = "restate" if hashes[0] else "apply"
                self.changes.append(Change("file", file.path, action, file.path, hashes))
        for key in {**self.before, **self.recorded.files}:
            if key not in after and not self._exists(key):
                file = self.recorded.files.get(key)
                self.changes.append(Change(*key, "drop", file))

    def _located(self, error: psycopg.Error, file: SourceFile) -> Exception:
        """The error with its place; locks are left as they are, since they are tried again."""
        if is_transient(error):
            return error
        place = f"{self.project.folder.name}/{file.path}"
        if error.diag.statement_position:
            line = file.text.count("\n", 0, int(error.diag.statement_position) - 1) + 1
            place += f", line {line}"
        return Refusal(error, place, self.hint(error))


def _overload(file: SourceFile, stray: Stored) -> Problem:
    return Problem(
        f"{file.path} would make an overload of {stray.identity}",
        "no deploy has made that one, and a call could mean either",
        f"{catalog.drop_statement(stray.kind, stray.identity)};",
    )
