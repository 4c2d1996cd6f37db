"""The lane of what is re-stated: files whose source or whose objects in the catalog changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field

import psycopg

from pgrota import (
    calls,
    catalog,
    describing,
    dropping,
    overloads,
    record,
    recording,
    retiring,
)
from pgrota.catalog import Stored
from pgrota.change import Change
from pgrota.definitions import Definitions
from pgrota.errors import at
from pgrota.executing import Execution
from pgrota.project import Project, SourceFile
from pgrota.recording import act_as
from pgrota.vanishing import Vanishing

# The shape of an existing function or view forbids `create or replace`, or its name has become
# ambiguous because another signature stands beside it.
_SHAPE_CHANGED = ("42P13", "42P16", "42809", "42725")
_WATCHED_OTHERWISE = "42710"
_ROUNDS = 5


@dataclass
class ObjectLane:
    """Brings the objects of one project to what its files say."""

    connection: psycopg.Connection
    project: Project
    role: str
    hint: InitVar[Callable[[psycopg.Error], str | None]]
    before_drop: Callable[[str], None]
    drop_vanished: bool = True
    gives_back: bool = False
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self, hint: Callable[[psycopg.Error], str | None]) -> None:
        self.execution = Execution(self.connection, self.project, self.role, hint)
        self.recorded = record.read(self.connection, self.project.name)
        self.declared = [d for file in self.project.files for d in file.declared]
        self.file_of = {d: file for file in self.project.files for d in file.declared}
        self._known: list[Stored] | None = None
        self.before = {stored.key: stored for stored in self._lookup()}
        self.defined = Definitions(self.connection, self.project, self.recorded)
        self.executed: dict[str, SourceFile] = {}
        paths = {file.path for file in self.project.files}
        self.vanished_files = sorted(set(self.recorded.hashes) - paths)
        rest = self.role, self.drop_vanished, self.gives_back
        self.vanishing = Vanishing(self.connection, self.project, self.recorded, *rest)
        self.dependants: dict[tuple[str, str], list[str]] = {}

    def apply(self) -> None:
        """Execute what differs, drop what is gone, until nothing is left to do."""
        act_as(self.connection, self.role)
        todo = [file for file in self.project.files if self._differs(file)]
        paths = self.vanished_files
        for number in range(_ROUNDS):
            if number and not todo:
                break
            with self.execution.owners_may_create(todo):
                for file in todo:
                    self._execute(file)
            if not number:
                self.defined.claim(self.executed.values())
                self.vanishing.retire(self.defined.vanished(self.executed, self.vanished_files))
            after = self._lookup()
            self._refuse_overloads(todo, after)
            self._drop(self._gone([*paths, *(file.path for file in todo)], after), after)
            todo, paths = self._lost(), []
        self.changes += self._describe()

    def keep(self, deploy_id: int) -> None:
        """Write the outcome into the record."""
        after = self._lookup()
        self.vanishing.keep({*(s.key for s in after), *self.defined.file_of}, self.vanished_files)
        for file in self.executed.values():
            mine = [s for s in after if self.file_of.get(s.declared) is file]
            made = [self.vanishing.row(s, self.before.get(s.key)) for s in mine]
            made += self.defined.rows_of(file.path)
            record.keep(self.connection, self.project.name, deploy_id, file, made)
        # What other files have granted on the rest.
        rest = [s for s in after if self.file_of[s.declared].path not in self.executed]
        granted = [s for s in rest if self.recorded.fingerprints.get(s.key) != s.fingerprint]
        record.refresh(self.connection, [self.vanishing.row(s, None) for s in granted])

    @property
    def notes(self) -> list[str]:
        return self.vanishing.notes

    def _gone(self, paths: list[str], after: list[Stored]) -> list[tuple[str, str]]:
        """Objects that these files made before and make no longer, if they are to be dropped."""
        made = {s.key for s in after if s.kind in ("view", "trigger") or self._is_new(s)}
        old = {key: path for path in paths for key in self.recorded.objects_of(path)}
        old |= {k: path for k, path in self.recorded.kept.items() if k[0] not in calls.KINDS_OF}
        there = catalog.standing(self.connection, (key for key in old if key not in made))
        return self.vanishing.to_drop({key: old[key] for key in there}, {s.key for s in after})

    def _lookup(self) -> list[Stored]:
        """What stands there, asked for again only after something was done: it costs much."""
        if self._known is None:
            found = catalog.lookup(self.connection, self.declared)
            self._known = [stored for stored in found if stored.declared in self.file_of]
        return self._known

    def _differs(self, file: SourceFile) -> bool:
        if self.recorded.hashes.get(file.path) != file.source_hash:
            return True
        return self.defined.differs(file) or any(
            key not in self.before
            or self.before[key].fingerprint != self.recorded.fingerprints[key]
            for key in self.recorded.objects_of(file.path)
        )

    def _execute(self, file: SourceFile) -> None:
        with self.defined.watching(file), at(self.execution.place(file)):
            self._try(file)
        self.executed[file.path] = file

    def _try(self, file: SourceFile) -> None:
        try:
            with self.connection.transaction() as tried, recording.unless_it_fails(self.connection):
                self._send(file)
                known = self.recorded, self.before
                in_the_way = overloads.replaced(self.connection, file, *known)
                if in_the_way:
                    raise psycopg.Rollback(tried)
        except psycopg.Error as error:
            if error.sqlstate == _WATCHED_OTHERWISE and self._unwatch(file):
                self._try(file)
                return
            if error.sqlstate not in _SHAPE_CHANGED:
                raise self.execution.located(error, file) from error
            for stray in overloads.strays(file, self.recorded, self.before.values()):
                raise overloads.refusal(file, stray) from error
            in_the_way = catalog.standing(self.connection, self.recorded.objects_of(file.path))
            if not in_the_way:
                raise self.execution.located(error, file) from error
        if in_the_way:
            self._drop(in_the_way, self._lookup())
            self._try_again(file)

    def _try_again(self, file: SourceFile) -> None:
        try:
            with self.connection.transaction():
                self._send(file)
        except psycopg.Error as error:
            raise self.execution.located(error, file) from error

    def _unwatch(self, file: SourceFile) -> bool:
        """Let go of the tables that the file has watched, so that it can watch them otherwise."""
        mine = [k for k in self.recorded.definitions_of(file.path) if k[0] == "watch"]
        return retiring.unwatch(self.connection, mine, self.role) > 0

    def _send(self, file: SourceFile) -> None:
        self._known = None
        self.execution.send([file.text])

    def _refuse_overloads(self, files: list[SourceFile], after: list[Stored]) -> None:
        for file in files:
            for stray in overloads.strays(file, self.recorded, after):
                if not self._is_new(stray):
                    raise overloads.refusal(file, stray)

    def _is_new(self, stored: Stored) -> bool:
        known = self.before.get(stored.key)
        return known is None or known.version != stored.version

    def _drop(self, keys: list[tuple[str, str]], there: list[Stored]) -> None:
        """Drop objects together with what depends on them, as long as that is ours.

        Either a file makes it again, or it goes as well.
        """
        if not keys:
            return
        goes = {*keys, *self._goes()}
        ours = {(s.classid, s.oid) for s in (*there, *catalog.find(self.connection, goes))}
        self._known = None
        self.dependants |= dropping.drop(self.connection, keys, ours, self.before_drop)

    def _goes(self) -> set[tuple[str, str]]:
        """What this project has made and may lose, whether a file makes it again or none does."""
        if not self.drop_vanished:
            return set()
        made = {*self.recorded.files, *self.recorded.kept} - self.vanishing.given.keys()
        return made - retiring.handlers(self.connection, made).keys()

    def _lost(self) -> list[SourceFile]:
        """Files whose objects went together with a dropped one and have to be made again."""
        there = {stored.declared for stored in self._lookup()}
        return [file for file in self.project.files if any(d not in there for d in file.declared)]

    def _describe(self) -> list[Change]:
        after = {stored.key: stored for stored in self._lookup()}
        changes = describing.made(
            self.executed,
            {path: self.recorded.hashes.get(path) or None for path in self.executed},
            self.before,
            {key: (stored, self.file_of[stored.declared]) for key, stored in after.items()},
            self.defined,
            self.dependants,
        )
        known = {**self.before, **self.recorded.files, **self.recorded.kept}
        lost = [key for key in known if key[0] not in calls.KINDS_OF and key not in after]
        there = catalog.standing(self.connection, lost)
        for key in (key for key in lost if key not in there):
            more = tuple(self.dependants.get(key, ()))
            changes.append(Change(*key, "drop", self.recorded.files.get(key), dependants=more))
        return changes + self.vanishing.changes
