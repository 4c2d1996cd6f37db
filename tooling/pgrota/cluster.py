"""The files of a private server: where they are, how they are made, what its settings are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pgrota import binaries, machine

LONGEST_SOCKET_PATH = 103
HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class ServerError(RuntimeError):
    """The private server could not be made, started or stopped."""


class Cluster:
    """A data directory. What is known of it stands in `home`, as do the data if its user can."""

    def __init__(
        self,
        home: Path,
        *,
        cron_database: str = "postgres",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        self.home = home.absolute()
        self.cron_database = cron_database
        self.settings = dict(settings or {})
        self._state: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            try:
                self._state = json.loads(self._state_file.read_text())
            except (PermissionError, ValueError) as error:
                raise ServerError(f"cannot read {self._state_file}: {error}") from error

    @cached_property
    def binaries(self) -> binaries.Binaries:
        return binaries.find()

    @property
    def has_cron(self) -> bool:
        return self.binaries.has_library("pg_cron")

    @property
    def place(self) -> Path:
        """The directory that the server itself works in."""
        return Path(self._state["place"])

    @property
    def data(self) -> Path:
        return self.place / "data"

    @property
    def log(self) -> Path:
        return self.place / "server.log"

    @property
    def socket_directory(self) -> Path:
        return Path(self._state["socket"])

    @property
    def port(self) -> int:
        return int(self._state["port"])

    @property
    def password(self) -> str:
        """The superuser's, for TCP. The socket asks for none."""
        return str(self._state["password"])

    @property
    def exists(self) -> bool:
        return bool(self._state) and (self.data / "PG_VERSION").exists()

    def create(self) -> Self:
        """Make the data directory. Harmless when it stands already."""
        if self.exists:
            return self
        self.home.mkdir(parents=True, exist_ok=True)
        self._state = {"place": str(self._make_place()), "password": secrets.token_urlsafe(18)}
        try:
            self._clear_place()
            self._initdb()
            self._save()
        except BaseException:
            self.delete()
            raise
        return self

    def copy(self, home: Path, **options: Any) -> Self:
        """Another cluster with the same data. This one must be stopped."""
        other = type(self)(home, **options)
        other.binaries = self.binaries
        other.home.mkdir(parents=True, exist_ok=True)
        other._state = {"place": str(other._make_place()), "password": self.password}
        subprocess.run(["cp", "-a", str(self.data), str(other.data)], check=True)
        other._save()
        return other

    def delete(self) -> None:
        """Delete all files."""
        if self._state:
            shutil.rmtree(self.place, ignore_errors=True)
            if "socket" in self._state:
                shutil.rmtree(self.socket_directory, ignore_errors=True)
        self._state_file.unlink(missing_ok=True)
        self._state = {}

    def program(self, name: str) -> str:
        """A program of the server, in a place where the server's user may enter."""
        if machine.can_enter(self.binaries.directory):
            return self.binaries.program(name)
        home = self.place / "programs"
        copied = home / self.binaries.directory.relative_to(self.binaries.home)
        if not copied.exists():
            for folder in self.binaries.folders():
                shutil.copytree(
                    folder, home / folder.relative_to(self.binaries.home), symlinks=True
                )
        return str(copied / name)

    def configure(self, port: int) -> None:
        """Write the settings, those of this object last."""
        self._make_socket_directory()
        values: dict[str, object] = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.socket_directory,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": 120,
            "jit": "off",
        }
        libraries = [str(self.settings.get("shared_preload_libraries", ""))]
        if self.has_cron:
            libraries.append("pg_cron")
            values |= {
                "cron.database_name": self.cron_database,
                "cron.host": self.socket_directory,
                "cron.max_running_jobs": 32,
                "cron.use_background_workers": "off",
            }
        values |= self.settings
        values["shared_preload_libraries"] = ",".join(filter(None, libraries))
        lines = [f"{name} = '{_quoted(value)}'\n" for name, value in values.items()]
        (self.data / "rota.conf").write_text("".join(lines))
        self._state["port"] = port

    @property
    def _state_file(self) -> Path:
        return self.home / "server.json"

    def _save(self) -> None:
        part = self._state_file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(self._state, indent=2) + "\n")
        part.replace(self._state_file)

    def _initdb(self) -> None:
        password_file = self.place / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        machine.give(password_file)
        answer = subprocess.run(
            [
                *[self.program("initdb"), "--pgdata", str(self.data), "--username", "postgres"],
                *["--pwfile", str(password_file), "--encoding", "UTF8", "--locale", "C.UTF-8"],
                *["--auth-local", "trust", "--auth-host", "scram-sha-256", "--no-sync"],
            ],
            cwd=self.place,
            env=machine.environment(self.place),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **machine.account(),
        )
        password_file.unlink()
        if answer.returncode != 0:
            raise ServerError(f"initdb failed:\n{answer.stdout.strip()}")
        (self.data / "pg_hba.conf").write_text(HBA)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'rota.conf'\n")

    def _clear_place(self) -> None:
        """Remove what is left of an earlier cluster whose home is gone."""
        pid = machine.first_number(self.data / "postmaster.pid")
        if pid and machine.works_in(pid, self.data):
            place, self._state = self.place, {}
            raise ServerError(f"a server still works in {place}; to stop it: kill -INT {pid}")
        for path in self.place.iterdir():
            shutil.rmtree(path)

    def _make_place(self) -> Path:
        place = self.home / "server"
        if not machine.can_enter(self.home):
            name = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
            place = Path("/var/tmp") / f"rota-{os.geteuid()}-{name}"
        place.mkdir(mode=0o700, exist_ok=True)
        if place.is_symlink() or place.stat().st_uid not in {os.geteuid(), machine.user_id()}:
            raise ServerError(f"{place} belongs to somebody else")
        machine.give(place)
        return place

    def _make_socket_directory(self) -> None:
        known = self._state.get("socket")
        if known and Path(known).is_dir():
            return
        directory = self.place / "socket"
        if len(str(directory / ".s.PGSQL.65535")) <= LONGEST_SOCKET_PATH:
            directory.mkdir(mode=0o700, exist_ok=True)
        else:
            directory = Path(tempfile.mkdtemp(prefix="rota-", dir="/tmp"))
        machine.give(directory)
        self._state["socket"] = str(directory)


def _quoted(value: object) -> str:
    return str(value).replace("'", "''")
