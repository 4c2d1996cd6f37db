"""What no file makes any longer: dropped where that is allowed, and else left and said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import psycopg

from pgrota import giving_back, record, retiring
from pgrota.catalog import Row, Stored
from pgrota.change import Change
from pgrota.project import Project
from pgrota.record import Recorded

Key = tuple[str, str]


class Vanishing:
    """What becomes of the objects and definitions of one project that its files left out."""

    def __init__(
        self,
        connection: psycopg.Connection,
        each: Project,
        recorded: Recorded,
        role: str,
        may_drop: bool,
        gives_back: bool,
    ) -> None:
        self.connection = connection
        self.project = each
        self.recorded = recorded
        self.role = role
        self.may_drop = may_drop
        self.giving_back = giving_back.GivingBack(connection, role)
        self.gives_back = gives_back
        # How objects stood before a file took them over.
        self.found = {} if each.is_engine else giving_back.found(connection)
        self.given: dict[Key, dict] = {}
        if gives_back:
            self.given = {key: was for key, was in self.found.items() if was}
        self.kept: dict[Key, str] = {}
        self.returned: dict[Key, str] = {}
        self.changes: list[Change] = []
        self.notes: list[str] = []

    def retire(self, vanished: Mapping[Key, str]) -> None:
        """Definitions go before the functions that they name."""
        if not self.may_drop:
            self._leave(vanished)
            return
        if self.gives_back:
            schedules = [name for kind, name in vanished if kind == "schedule"]
            self.changes += [
                Change("cron job", title.removeprefix("cron job "), "create")
                for title in self.giving_back.jobs(schedules)
            ]
        for outcome in retiring.retire(self.connection, vanished, self.role):
            if outcome.change:
                self.changes.append(outcome.change)
            else:
                self.kept[outcome.key] = vanished[outcome.key]
                self.notes.append(outcome.note)

    def to_drop(self, old: Mapping[Key, str], named: Collection[Key]) -> list[Key]:
        """Which of these objects are to be dropped.

        Under a name that is still declared stands another object now: the old one goes in any case.
        """
        gone = {key for key in old if key in named or self.may_drop}
        back = gone & self.given.keys()
        gone -= back
        for key in sorted(back - self.returned.keys()):
            self.returned[key] = old[key]
            self.giving_back.object(key, self.given[key], old[key])
            self.notes.append(
                f"{key[0]} {key[1]} is as it was before {old[key]} took it over, and no longer"
                " managed"
            )
        if not self.project.is_engine:
            needed = retiring.handlers(self.connection, [key for key in gone if key not in named])
            for key, task in needed.items():
                gone.discard(key)
                self.kept[key] = old[key]
                self.notes.append(f"{key[0]} {key[1]} was left in place: task {task} needs it")
        stays = {*gone, *self.kept, *self.returned}
        self._leave({key: old[key] for key in old if key not in stays})
        return [key for key in old if key in gone]

    def row(self, stored: Stored, was: Stored | None) -> Row:
        """An object as the record keeps it, with how it stood before a file took it over."""
        row = stored.row()
        found = self.found.get(stored.key, was and was.row().as_json())
        if self.project.is_engine or not found:
            return row
        return replace(row, attributes=row.attributes | {"found": found})

    def keep(self, made: Collection[Key], files: Iterable[str]) -> None:
        """Write it into the record."""
        gone = [key for key in self.recorded.kept if key not in self.kept and key not in made]
        gone += [(change.kind, change.name) for change in self.changes] + [*self.returned]
        self.giving_back.check()
        record.settle(self.connection, self.project.name, self.kept, gone, files)

    def _leave(self, vanished: Mapping[Key, str]) -> None:
        self.kept |= vanished
        self.notes += [
            f"{kind} {name} was left in place: {path} makes it no longer"
            " (rota deploy --allow-drop drops it)"
            for (kind, name), path in vanished.items()
        ]
