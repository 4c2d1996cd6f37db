"""The files that are deployed: the engine's, and each recipe's."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pgrota import calls, load_order
from pgrota.declared import Declared, declarations
from pgrota.errors import Problem

if TYPE_CHECKING:
    import psycopg

PACKAGE = Path(__file__).resolve().parent
ENGINE = "rota"
FOUNDATION = "foundation"

_ACTS_AS = re.compile(r"^set local role (rota_\w+);$", re.M)
_INCLUDE = re.compile(r"^\\ir?r?\s+(\S+)\s*$")


@dataclass(frozen=True)
class SourceFile:
    """One file of SQL and what it declares."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def source_hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def declared(self) -> list[Declared]:
        return declarations(self.text)

    @cached_property
    def defines(self) -> list[calls.Definition]:
        """The tasks, schedules, ... that its text names."""
        return calls.definitions(self.text)

    @property
    def other_owners(self) -> set[str]:
        """The roles beside rota_owner that own what it declares."""
        return set(_ACTS_AS.findall(self.text)) - {"rota_owner"}


@dataclass(frozen=True)
class Project:
    """A folder of SQL, and the migrations that go before it.

    What is shipped has an index. A user's project, which has a home, need not have one.
    """

    name: str
    folder: Path
    migrations: Path
    version_table: str
    home: Path | None = None

    @property
    def is_engine(self) -> bool:
        return self.name == ENGINE

    @property
    def search_path(self) -> str:
        """Where names are looked up that a file does not qualify."""
        return "public" if self.home else "pg_catalog, pg_temp"

    def hint(self, error: psycopg.Error, role: str) -> str | None:
        """What to type when an error of this project's own SQL does not say so itself."""
        if error.sqlstate == "42501" and not self.is_engine:
            return (
                f"{self.name} is deployed with the rights of {role}; give them, such as:"
                f' grant create on schema public to "{role}";'
            )
        if error.sqlstate == "25001" and self.home:
            return (
                "it cannot be in the transaction of a deploy: let a schedule send it"
                " (rota.define_schedule(..., command => '...')), or a migration that says"
                " transactional = False"
            )
        return None

    @cached_property
    def files(self) -> list[SourceFile]:
        """Every file, in load order."""
        files = self._indexed() if self.has_index or not self.home else self._in_order()
        _refuse_doubles(files)
        if self.home:
            _refuse_doubles_of_definitions(files)
            for file in files:
                load_order.refuse_transactions(f"{self.folder.name}/{file.path}", file.text)
        return files

    @property
    def has_index(self) -> bool:
        return (self.folder / "install.sql").is_file()

    def _in_order(self) -> list[SourceFile]:
        texts = load_order.read(self.folder)
        paths = load_order.ordered(texts, self.folder.name)
        return [SourceFile(path, texts[path]) for path in paths]

    def _indexed(self) -> list[SourceFile]:
        index = self.folder / "install.sql"
        if not index.is_file():
            raise Problem(f"{self.name} has no index", f"{index} does not exist")
        found: dict[str, SourceFile] = {}
        for number, line in enumerate(index.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("--"):
                continue
            match = _INCLUDE.match(line.strip())
            if not match:
                raise Problem(
                    f"{index.name} line {number} is not an include: {line.strip()}",
                    hint=r"write \ir room/file.sql",
                )
            found.setdefault(match[1], self._read(match[1], number))
        return list(found.values())

    def unlisted(self) -> list[str]:
        """Files beside the index that it does not name."""
        if not self.has_index:
            return []
        listed = {file.path for file in self.files} | {"install.sql"}
        there = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.sql"))
        return sorted(path for path in there if path not in listed)

    def _read(self, path: str, number: int) -> SourceFile:
        try:
            return SourceFile(path, (self.folder / path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise Problem(f"{self.folder.name}/{path} cannot be read: {error}") from None
            raise Problem(
                f"install.sql of {self.name}, line {number}: {path} does not exist"
            ) from None


def root() -> Path:
    """Where sql/ and migrations/ are: inside the installed package, or the checkout around it."""
    inside = PACKAGE / "_project"
    place = inside if inside.is_dir() else PACKAGE.parents[1]
    if not (place / "sql" / "engine" / "install.sql").is_file():
        raise Problem("the SQL of the engine is missing", f"looked in {place / 'sql'}")
    return place


def engine() -> Project:
    place = root()
    return Project(ENGINE, place / "sql/engine", place / "migrations/engine", "alembic_version")


def recipe(name: str) -> Project:
    """A ready-made automation, with the tables of the sample application."""
    place = root()
    folder = place / "sql" / "recipes" / name
    if name not in recipes():
        raise Problem(
            f"there is no recipe {name}",
            hint="one of: " + (", ".join(recipes()) or "none is shipped"),
        )
    return Project(name, folder, place / "migrations/recipes", "recipe_version")


def recipes() -> list[str]:
    """The recipes that are shipped."""
    return sorted(index.parent.name for index in root().glob("sql/recipes/*/install.sql"))


def bootstrap() -> SourceFile:
    """What must stand before anything else: roles, schemas, settings of the worker role."""
    path = root() / "migrations" / "engine" / "bootstrap.sql"
    return SourceFile("bootstrap.sql", path.read_text(encoding="utf-8"))


def _refuse_doubles(files: list[SourceFile]) -> None:
    seen: dict[Declared, str] = {}
    for file in files:
        for declared in file.declared:
            other = seen.setdefault(declared, file.path)
            if other != file.path:
                raise Problem(f"{declared} is defined twice", f"in {other} and in {file.path}")


def _refuse_doubles_of_definitions(files: list[SourceFile]) -> None:
    seen: dict[calls.Definition, str] = {}
    for file in files:
        for defined in file.defines:
            other = seen.setdefault(defined, file.path)
            # A table may be watched again, for more.
            if other != file.path and defined.kind != "watch":
                raise Problem(f"{defined} is defined twice", f"in {other} and in {file.path}")
