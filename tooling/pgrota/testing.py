"""The tests of a user's project: its pgTAP files, each rolled back, in a scratch database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pgrota import pgtap
from pgrota.config import Config
from pgrota.database import Database
from pgrota.errors import Problem

OPTIONS = "-c search_path=public,tap -c statement_timeout=60s -c client_min_messages=warning"
SCRIPTS = "postgresql/*/extension/pgtap--[0-9.]*.sql"


@dataclass
class Tested:
    """What one file said."""

    file: str
    assertions: list[pgtap.Assertion] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[pgtap.Assertion]:
        return [a for a in self.assertions if not (a.passed or a.skipped or a.todo)]

    @property
    def passed(self) -> bool:
        return not self.failed and not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "passed": self.passed,
            "assertions": [vars(assertion) for assertion in self.assertions],
            "problems": self.problems,
        }


def files(here: Config, chosen: Sequence[Path] = ()) -> list[Path]:
    """The test files: all of the project, or those that were named, folders included."""
    folder = here.pgtap
    if not chosen:
        found = sorted(folder.rglob("*.sql"))
        if not found:
            raise Problem(
                f"project {here.name} has no tests",
                f"there is no .sql file in {here.short(folder)}/",
                "rota new test FUNCTION",
            )
        return found
    found = []
    for path in chosen:
        place = next((p for p in (path, here.home / path, folder / path) if p.exists()), None)
        if place is None:
            raise Problem(f"there is no test {path}", f"looked for it in {folder}, too")
        found += sorted(place.rglob("*.sql")) if place.is_dir() else [place]
    return [path.absolute() for path in found]


def run(
    here: Config, target: Database, paths: Sequence[Path], tell: Callable[[Tested], None]
) -> list[Tested]:
    """Run each file; `tell` hears of it as soon as it is done."""
    _install_pgtap(target)
    done = []
    for path in paths:
        done.append(_run(here, target, path))
        tell(done[-1])
    return done


def _run(here: Config, target: Database, path: Path) -> Tested:
    shown = path.relative_to(here.home) if path.is_relative_to(here.home) else path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Tested(str(shown), problems=[f"it cannot be read: {error}"])
    with target.connect(options=OPTIONS) as connection:
        report = pgtap.run(connection, text)
    return Tested(str(shown), report.assertions, report.problems)


def _install_pgtap(target: Database) -> None:
    """From the server, or from a file of this machine: it is plain SQL."""
    with target.connect() as connection:
        connection.execute("set client_min_messages = warning")
        connection.execute("create schema tap")
        connection.execute("grant usage on schema tap to public")
        query = "select from pg_catalog.pg_available_extensions as e where e.name = 'pgtap'"
        if connection.execute(query).fetchone() is not None:
            connection.execute("create extension pgtap schema tap")
            return
        scripts = [p for p in Path("/usr/share").glob(SCRIPTS) if p.stem.count("--") == 1]
        if not scripts:
            major = connection.info.server_version // 10000
            raise Problem(
                "pgTAP is not installed beside this server",
                "the tests of a project are written with it",
                f"apt-get install postgresql-{major}-pgtap",
            )
        connection.execute("set search_path = tap, public")
        try:
            connection.execute(max(scripts).read_bytes())
        except psycopg.Error as error:
            raise Problem(f"pgTAP cannot be loaded: {error}") from error
