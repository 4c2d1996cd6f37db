"""The servers and databases that tests run on: made when first asked for, gone at the end.

A session keeps its servers in one temporary directory. A small shell process waits beside us and
cleans up should pytest be killed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

import statements
from clone import Clone, Worker, wait_until
from pgrota import project
from pgrota.deploy import deploy
from pgrota.errors import Problem
from pgrota.server import Server
from support_standby import copy_running
from template import CRON_DATABASE, TEMPLATE, make_template

__all__ = ["ROOT", "Clone", "Harness", "Worker", "engine_files", "harness_of", "wait_until"]

ROOT = Path(__file__).parents[1]
PGTAP_SUPPORT = ROOT / "pgtap/support.sql"
FAST = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_init_zero": "off"
}  # fmt: skip
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
MEMORY = "/dev/shm"
ROOM = 3 << 30
CLEAN_UP = r"""
read -r _ && exit
for data in "$1"/*/server/data; do
  pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || continue
  [ "$(readlink "/proc/$pid/cwd")" = "$data" ] && kill -QUIT "$pid"
done
sleep 1
rm -rf "$1"
"""


class Harness:
    """The servers of one pytest session."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="rota-test-", dir=where_files_are_cheap()))
        self.root.chmod(0o755)
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", CLEAN_UP, "sh", str(self.root)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._servers: list[Server] = []
        self._numbers = itertools.count(1)
        self._base: Server | str | None = None
        self._main: Server | None = None
        self._shared: dict[str, Clone] = {}
        self.coverage = statements.Coverage()

    # servers

    @property
    def server(self) -> Server:
        """The server that most tests share: fast and without crash safety."""
        if self._main is None:
            self._main = self.make_server()
        return self._main

    def make_server(
        self, *, durable: bool = False, cron_database: str = CRON_DATABASE, **settings: object
    ) -> Server:
        """A running server of its own, with the engine in its template database."""
        values = {
            **(DURABLE if durable else FAST),
            **self._preloaded(),
            **settings,
        }
        server = self.base.copy(self._home(), cron_database=cron_database, settings=values)
        self._servers.append(server)
        return server.start()

    def make_standby(self, primary: Server) -> Server:
        """A running replica of one of the servers made here, which streams from it."""
        standby = copy_running(primary, self._home())
        self._servers.append(standby)
        return standby.start()

    @property
    def base(self) -> Server:
        """A stopped server with roles, template and cron database, from which others are copied."""
        if self._base is None:
            # So that copies carry what was written to the log and no room for more.
            settings = {**FAST, "wal_recycle": "off"}
            base = Server(self._home(), cron_database=CRON_DATABASE, settings=settings)
            self._servers.append(base)
            base.start()
            try:
                make_template(base)
                self._base = base
            except Problem as problem:
                self._base = problem.format_message()
            base.stop()
        if isinstance(self._base, str):
            pytest.fail(f"the engine cannot be deployed: {self._base}", pytrace=False)
        return self._base

    def discard(self, server: Server) -> None:
        self._servers.remove(server)
        server.remove()

    def close(self) -> None:
        try:
            for server in self._servers:
                server.remove()
            shutil.rmtree(self.root, ignore_errors=True)
        finally:
            with contextlib.suppress(BrokenPipeError):
                self._guard.communicate("done\n")

    def _home(self) -> Path:
        return self.root / str(next(self._numbers))

    @cached_property
    def _profiles(self) -> bool:
        return self.base.binaries.has_library("plpgsql_check")

    def _preloaded(self) -> dict[str, object]:
        if not self._profiles:
            return {}
        return {"shared_preload_libraries": "plpgsql_check", **statements.SETTINGS}

    # databases

    def clone(self, server: Server | None = None, template: str = TEMPLATE) -> Clone:
        """A fresh database, with the engine unless another template is named."""
        server = server or self.server
        name = f"test_{next(self._numbers)}"
        clone = Clone(server, name)
        with server.connect() as connection:
            connection.execute(f"create database {name} template {template} strategy file_copy")
            if self._profiles and server is self.server and template == TEMPLATE:
                self.coverage.watch(clone, connection)
        return clone

    def clone_for_cron(self, server: Server) -> Clone:
        """The clone `app` of a server whose pg_cron is to live in it. It has no extension yet."""
        if not server.has_cron:
            pytest.skip("pg_cron is not installed")
        with server.connect() as connection:
            connection.execute(f"create database app template {TEMPLATE}")
        return Clone(server, "app")

    def summary(self) -> list[str]:
        """What was covered, if anything ran."""
        return self.coverage.summary(Clone(self.server, TEMPLATE)) if self._main else []

    def shared(self, purpose: str) -> Clone:
        """A clone of the main server that lasts: for those who roll back what they do."""
        if purpose not in self._shared:
            self._shared[purpose] = self.clone()
        return self._shared[purpose]

    def pgtap(self) -> Clone:
        """The clone that has what the pgTAP files share: to roll back in."""
        if "pgTAP" not in self._shared:
            self.shared("pgTAP").run(PGTAP_SUPPORT.read_text())
        return self._shared["pgTAP"]

    def recipes(self) -> Clone:
        """The clone that has every recipe too: to roll back in, or to clone from.

        Its schedules rest, whatever the time is when a test runs.
        """
        if "recipes" not in self._shared:
            deploy(self.shared("recipes").url(), project.recipes())
            self._shared["recipes"].run(
                "select rota.pause('schedule', s.name) from rota.schedules as s"
            )
        return self._shared["recipes"]


_KEY = pytest.StashKey[Harness]()


def harness_of(config: pytest.Config) -> Harness:
    """The session's harness; its servers are gone when pytest ends, however it ends."""
    if _KEY not in config.stash:
        harness = config.stash[_KEY] = Harness()
        config.add_cleanup(harness.close)
    return config.stash[_KEY]


def where_files_are_cheap() -> str:
    """Memory that has room for the servers of several sessions. Files there outlive any kill -9."""
    with contextlib.suppress(OSError):
        # A server's programs are copied beside its data when its user cannot enter their directory.
        may_run = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
        if may_run and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
            return MEMORY
    return "/tmp"


def engine_files() -> Iterator[Path]:
    """The engine's SQL files in load order."""
    index = ROOT / "sql/engine/install.sql"
    for line in index.read_text().splitlines():
        if line.startswith("\\ir "):
            yield index.parent / line.removeprefix("\\ir ").strip()
