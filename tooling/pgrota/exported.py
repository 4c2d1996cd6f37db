"""The folder of migrations that `supabase db push` applies, and what its files carry."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pgrota import __version__, project
from pgrota.errors import Problem
from pgrota.project import Project
from pgrota.rendered import (
    Carried,
    Step,
    compare,
    drain_statement,
    needs_drain,
    ring_statement,
    statement,
)

FOLDER = Path("supabase/migrations")
_NAME = re.compile(r"^(\d{14})_.*\.sql$")
_FIRST = "-- rota:project "


@dataclass
class Written:
    """One migration file: where, and what it does."""

    path: Path
    text: str = field(repr=False)
    what: str
    step: Step | None = None


@dataclass
class Export:
    """The folder as it is, and the files that are to be added to it."""

    folder: Path
    carried: dict[str, Carried] = field(default_factory=dict)
    revisions: dict[str, set[str]] = field(default_factory=dict)
    last: datetime | None = None
    files: int = 0
    written: list[Written] = field(default_factory=list)

    def read(self) -> None:
        """Find out what the files carry. Each was applied somewhere, perhaps: none is changed."""
        for path in sorted(self.folder.glob("*.sql")):
            match = _NAME.match(path.name)
            if match:
                self.last = max(self.last or _time(match[1]), _time(match[1]))
            # Newlines as they are: a checkout that changed them has changed the file.
            text = path.read_bytes().decode("utf-8", errors="replace")
            if text.startswith("-- ") and _FIRST in text[:1000]:
                self._add(path, text)
                self.files += 1

    def projects(self, recipes: Iterable[str], own: Project | None = None) -> list[Project]:
        """The engine, the recipes named and those exported before, and the user's project."""
        known = [name for name in self.carried if name in project.recipes()]
        shipped = map(project.recipe, dict.fromkeys([*known, *recipes]))
        return [project.engine(), *shipped, *([own] if own else [])]

    def render(self, projects: Iterable[Project], now: datetime | None = None) -> None:
        """What has to be added so that the files carry these projects as they are."""
        now = (now or datetime.now(UTC)).replace(microsecond=0, tzinfo=None)
        self._next = max(now, self.last + timedelta(seconds=1)) if self.last else now
        is_new = not self.carried
        for each in projects:
            since = self.revisions.get(each.version_table, set())
            step = compare(each, self.carried.get(each.name, Carried()), since)
            if not step.is_needed:
                continue
            if needs_drain(step):
                self._write("rota_drain", drain_statement(), "the workers are asked to leave")
            name = re.sub(r"\W", "_", each.name)
            self._write(name, statement(step, self._name(name)), str(step), step)
            self.revisions[each.version_table] = step.heads
        if is_new and self.written:
            self._write("rota_start", ring_statement(), "pg_cron is told of its new jobs")

    def save(self) -> None:
        """Write them. A file that is there is never touched."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for each in self.written:
                with each.path.open("x", encoding="utf-8", newline="\n") as file:
                    file.write(each.text)
        except OSError as error:
            raise Problem(f"cannot write {error.filename}: {error.strerror}") from None

    def _name(self, name: str) -> str:
        return f"{self._next:%Y%m%d%H%M%S}_{name}.sql"

    def _write(self, name: str, sql: str, what: str, step: Step | None = None) -> None:
        path = self.folder / self._name(name)
        self._next += timedelta(seconds=1)
        head = [
            f"-- Written by `rota export supabase` of rota {__version__}; `supabase db push`"
            " applies it. Do not edit it:",
            "-- change the project and export again, which adds a file.",
            f"{_FIRST}{step.project.name if step else '-'}",
        ]
        if step:
            head += _manifest(step)
        digest = hashlib.sha256("\n".join([*head, sql]).encode()).hexdigest()
        text = "\n".join([*head, f"-- rota:sha256 {digest}", sql])
        self.written.append(Written(path, text, what, step))

    def _add(self, path: Path, text: str) -> None:
        head: list[str] = []
        rest = text
        while rest.startswith("-- ") and not rest.startswith("-- rota:sha256 "):
            line, _, rest = rest.partition("\n")
            head.append(line)
        seal, _, sql = rest.partition("\n")
        digest = hashlib.sha256("\n".join([*head, sql]).encode()).hexdigest()
        if seal != f"-- rota:sha256 {digest}":
            raise Problem(
                f"{path.name} is not as it was exported",
                "what it carries cannot be known, and it may have been applied as it was",
                f"bring it back: git checkout -- {path}",
            )
        name = ""
        for line in head:
            key, _, value = line.partition(" ")[2].partition(" ")
            if key == "rota:project":
                name = value
            elif key == "rota:bootstrap":
                self._of(name).bootstrap = value
            elif key == "rota:migrations":
                table, *heads = value.split()
                self.revisions[table] = set(heads)
            elif key == "rota:file":
                source_hash, _, file = value.partition(" ")
                self._of(name).hashes[file] = source_hash
            elif key == "rota:gone":
                self._of(name).hashes.pop(value, None)

    def _of(self, name: str) -> Carried:
        return self.carried.setdefault(name, Carried())


def _manifest(step: Step) -> list[str]:
    lines = []
    if step.bootstrap:
        lines.append(f"-- rota:bootstrap {step.bootstrap.source_hash}")
    if step.revisions:
        heads = " ".join(sorted(step.heads))
        lines.append(f"-- rota:migrations {step.project.version_table} {heads}")
    lines += [f"-- rota:gone {path}" for path in step.gone]
    return lines + [f"-- rota:file {file.source_hash} {file.path}" for file in step.files]


def _time(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S")
    except ValueError:
        # Supabase takes any number; what matters is that ours comes after it.
        raise Problem(
            f"migration {stamp} has no time in its name",
            hint="name it like 20260101120000_name.sql",
        ) from None
