"""A user's project: the folder with rota.toml, or with [tool.rota] in pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pgrota import nearness
from pgrota.errors import Problem
from pgrota.project import ENGINE, FOUNDATION, Project, recipes

FILE = "rota.toml"
PYPROJECT = "pyproject.toml"
DEFAULTS = {"sql": "sql", "migrations": "migrations", "pgtap": "pgtap"}
KEYS = ("name", *DEFAULTS, "recipes")
# With what stands before it, it is the name of a table.
LONGEST_NAME = 40
TAKEN_SCHEMAS = ("rota", "rota_core", "cron", "public", "information_schema")
NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True)
class Config:
    """What rota.toml says, checked."""

    source: Path
    name: str
    sql: Path
    migrations: Path
    pgtap: Path
    recipes: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        return self.source.parent

    @property
    def schema(self) -> str:
        """The schema that templates write into."""
        return self.name.replace("-", "_")

    def project(self) -> Project:
        """What is deployed of it."""
        if not self.sql.is_dir():
            raise Problem(
                f"project {self.name} has no folder {self.short(self.sql)}",
                f"{self.sql} does not exist",
                f'make it, or say in {self.source.name} where the files are: sql = "..."',
            )
        return Project(
            self.name, self.sql, self.migrations, f"project_version_{self.name}", self.home
        )

    def short(self, path: Path) -> str:
        """A path as it is seen from the project."""
        return path.relative_to(self.home).as_posix()


def current() -> Config | None:
    """The project that the command is about: --project, or the one around the working directory."""
    context = click.get_current_context(silent=True)
    options = context.find_root().obj if context else None
    chosen = getattr(options, "project", None)
    return at(Path(chosen)) if chosen else around(Path.cwd())


def needed() -> Config:
    """The project, for a command that makes no sense without one."""
    found = current()
    if found is None:
        raise Problem(
            "there is no project here",
            f"neither {Path.cwd()} nor a folder above it has a {FILE}",
            "rota init makes one; --project DIR names one elsewhere",
        )
    return found


def targets(named: Iterable[str]) -> tuple[list[str], Project | None]:
    """What a deploy is about: the recipes named here and there, and the project if there is one."""
    here = current()
    if here is None:
        return list(dict.fromkeys(named)), None
    return list(dict.fromkeys([*here.recipes, *named])), here.project()


def places() -> list[Path]:
    """Where something that belongs to the project may lie: here, and in its folder."""
    here = current()
    return list(dict.fromkeys([Path.cwd(), here.home] if here else [Path.cwd()]))


def around(directory: Path) -> Config | None:
    """The project of this folder, or of the nearest one above it."""
    for folder in (directory, *directory.parents):
        found = _look(folder)
        if found:
            return found
    return None


def at(directory: Path) -> Config:
    """The project of exactly this folder."""
    found = _look(directory.absolute()) if directory.is_dir() else None
    if found is None:
        raise Problem(
            f"{directory} is no project",
            f"it has neither {FILE} nor [tool.rota] in {PYPROJECT}"
            if directory.is_dir()
            else "there is no such folder",
            f"rota init {directory}",
        )
    return found


def check_name(name: str, what: str, source: str = "") -> str:
    """A name that can be part of the names of files, schemas and functions."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Problem(
            f"{source}{name!r} is no name for a {what}",
            f"a letter first, then letters, digits, - and _; lower case, {LONGEST_NAME} at most",
        )
    return name


def check_schema_name(
    name: str, what: str, source: str = "", hint: str = "choose another name"
) -> str:
    """A name whose schema belongs to nobody else."""
    check_name(name, what, source)
    schema = name.replace("-", "_")
    if schema in TAKEN_SCHEMAS or schema.startswith("pg_"):
        raise Problem(
            f"{source}a {what} cannot be called {name}",
            f"the schema {schema} is not its own",
            hint,
        )
    return name


def check_project_name(name: str, hint: str, source: str = "") -> str:
    """A name that neither the engine nor a recipe has."""
    check_schema_name(name, "project", source, hint)
    if name in (ENGINE, FOUNDATION, *recipes()):
        raise Problem(
            f"{source}a project cannot be called {name}",
            "that name is the engine's" if name in (ENGINE, FOUNDATION) else "a recipe has it",
            hint,
        )
    return name


def _look(folder: Path) -> Config | None:
    own, shared = folder / FILE, _tool_table(folder / PYPROJECT)
    if own.is_file():
        if shared is not None:
            raise Problem(
                f"{folder} has two descriptions of a project",
                f"one in {FILE}, one in [tool.rota] of {PYPROJECT}",
                "delete one of them",
            )
        return _checked(own, _read(own))
    return None if shared is None else _checked(folder / PYPROJECT, shared)


def _tool_table(path: Path) -> dict[str, Any] | None:
    """[tool.rota], if it is there. What else is wrong with the file is not for us to say."""
    try:
        if "tool.rota" not in path.read_text(encoding="utf-8"):
            return None
    except (OSError, UnicodeDecodeError):
        return None
    return _read(path).get("tool", {}).get("rota")


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{path} is no TOML: {error}") from None


def _checked(source: Path, values: dict[str, Any]) -> Config:
    _refuse_unknown(source, values)
    name = values.get("name")
    if not isinstance(name, str):
        raise Problem(f"{source}: the project has no name", hint='name = "shop"')
    check_project_name(name, 'choose another: name = "..."', f"{source}: ")
    folders = {key: _folder(source, key, values.get(key, DEFAULTS[key])) for key in DEFAULTS}
    return Config(source, name, recipes=_recipes(source, values.get("recipes", [])), **folders)


def _refuse_unknown(source: Path, values: dict[str, Any]) -> None:
    for key in values:
        if key not in KEYS:
            raise Problem(
                f"{source}: there is no setting {key}",
                f"there are: {', '.join(KEYS)}",
                nearness.asked(KEYS, key),
            )


def _folder(source: Path, key: str, value: object) -> Path:
    if not isinstance(value, str) or not value:
        raise Problem(f"{source}: {key} is a folder", hint=f'{key} = "{DEFAULTS[key]}"')
    folder = source.parent / value
    if Path(value).is_absolute() or not folder.resolve().is_relative_to(source.parent.resolve()):
        raise Problem(f"{source}: {key} = {value!r} is outside of the project")
    return folder


def _recipes(source: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Problem(f"{source}: recipes is a list of names", hint='recipes = ["welcome"]')
    for name in value:
        if name not in recipes():
            raise Problem(
                f"{source}: there is no recipe {name}", hint="one of: " + ", ".join(recipes())
            )
    return tuple(value)
