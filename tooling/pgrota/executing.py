"""How a project's files of SQL are executed: as whom, on which search_path, and where they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from pgrota import failing, migration
from pgrota.errors import Refusal, is_transient
from pgrota.project import Project, SourceFile
from pgrota.recording import act_as, recorded


@dataclass(frozen=True)
class Execution:
    """Sends the files of one project."""

    connection: psycopg.Connection
    project: Project
    role: str
    hint: Callable[[psycopg.Error], str | None]

    def send(self, texts: Iterable[str]) -> None:
        """As the role, whatever the statements make of that."""
        act_as(self.connection, self.role)
        path = self.project.search_path
        with migration.searching(self.connection, path), recorded(self.connection):
            for text in texts:
                self.connection.execute(text)
        act_as(self.connection, self.role)

    @contextmanager
    def owners_may_create(self, files: list[SourceFile]) -> Iterator[None]:
        """Files of the engine give functions to other roles, which may create them meanwhile."""
        roles = ", ".join(sorted({role for file in files for role in file.other_owners}))
        if not roles:
            yield
            return
        act_as(self.connection, "rota_owner")
        with recorded(self.connection):
            self.connection.execute(f"grant create on schema rota_core to {roles}")
        yield
        act_as(self.connection, "rota_owner")
        with recorded(self.connection):
            self.connection.execute(f"revoke create on schema rota_core from {roles}")
        act_as(self.connection, self.role)

    def place(self, file: SourceFile) -> str:
        """The file as users call it."""
        return f"{self.project.folder.name}/{file.path}"

    def located(self, error: psycopg.Error, file: SourceFile) -> Exception:
        """The error with its place; locks are left as they are, since they are tried again."""
        if is_transient(error):
            return error
        line = failing.line(self.connection, error, file.text, self.send)
        place = self.place(file) + (f", line {line}" if line else "")
        return Refusal(error, place, self.hint(error))
