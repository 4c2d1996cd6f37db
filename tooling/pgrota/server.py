"""A private Postgres server: made, started and stopped here, and seen by nobody else.

It listens on 127.0.0.1 with a random password, and without one on a socket in a directory that only
its own user can enter. Called as root, it runs as `postgres`, or as `nobody` where there is none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from pgrota import machine
from pgrota.cluster import Cluster, ServerError

if TYPE_CHECKING:
    import psycopg

__all__ = ["DEV_DATABASE", "DEV_HOME", "Server", "ServerError", "url_of"]

DEV_HOME = ".rota"
DEV_DATABASE = "app"
SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Server(Cluster):
    """A cluster and the process that serves it."""

    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres", user: str = "postgres", *, tcp: bool = False) -> str:
        """A connection string: over the private socket, or over TCP with the password."""
        if tcp:
            return (
                f"postgresql://{quote(user)}:{self.password}"
                f"@127.0.0.1:{self.port}/{quote(database, safe='')}"
            )
        folder = quote(str(self.socket_directory), safe="")
        return (
            f"postgresql://{quote(user)}@/{quote(database, safe='')}?host={folder}&port={self.port}"
        )

    def connect(
        self, database: str = "postgres", user: str = "postgres", **options: Any
    ) -> psycopg.Connection[Any]:
        """A connection in autocommit, unless told otherwise."""
        import psycopg

        return psycopg.connect(self.url(database, user), **{"autocommit": True, **options})

    def start(self, timeout: float = 60) -> Self:
        """Start it and return when it takes connections. Harmless when it is up."""
        if self.running:
            return self
        self.create()
        if self.place.stat().st_uid != machine.user_id():
            raise ServerError(f"{self.place} belongs to another user: start it as that user")
        deadline = time.monotonic() + timeout
        port = self._state.get("port")
        while not self._try_start(port or machine.free_port(), deadline):
            port = None
        self._save()
        return self

    def stop(self, mode: str = "fast", timeout: float = 60) -> None:
        """Stop it: `smart`, `fast` or `immediate`. Harmless when it is down."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, SIGNALS[mode])
            self._wait_gone(pid, timeout)
        self._process = None

    def restart(self, mode: str = "fast") -> Self:
        self.stop(mode)
        return self.start()

    def kill(self) -> None:
        """End every process of the server at once, as a power cut would."""
        pid = self.pid
        if pid is None:
            return
        # Stopped, it has no more children than are seen.
        os.kill(pid, signal.SIGSTOP)
        victims = [pid, *machine.children(pid)]
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        for victim in victims:
            self._wait_gone(victim, 10)
        self._process = None

    def kill_backend(self, pid: int, signal_number: int = signal.SIGKILL) -> None:
        """Signal one backend of this server, and of no other."""
        if self.pid is None or pid not in machine.children(self.pid):
            raise ServerError(f"process {pid} is no backend of this server")
        os.kill(pid, signal_number)

    def wait_ready(self, timeout: float = 60) -> None:
        """Wait until connections succeed: also right while it recovers from a crash."""
        import psycopg

        deadline = time.monotonic() + timeout
        while True:
            try:
                with self.connect() as connection:
                    connection.execute("select 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def remove(self) -> None:
        """Stop it and delete all it had."""
        self.stop("immediate")
        self.delete()

    @property
    def pid(self) -> int | None:
        """The process of this server, or None. Never that of another that has its number."""
        if not self.exists:
            return None
        if self._process is not None:
            self._process.poll()
        pid = machine.first_number(self.data / "postmaster.pid")
        return pid if pid and machine.works_in(pid, self.data) else None

    @property
    def running(self) -> bool:
        return self.pid is not None

    def _try_start(self, port: int, deadline: float) -> bool:
        """True when it is up, False when the port was taken meanwhile."""
        self.configure(port)
        with self.log.open("ab") as log:
            log_start = log.tell()
            self._process = subprocess.Popen(
                [self.program("postgres"), "-D", str(self.data)],
                cwd=self.place,
                env=machine.environment(self.place),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **machine.account(),
            )
        while self._process.poll() is None:
            lines = self._pid_file_lines()
            if lines[:1] == [str(self._process.pid)] and lines[-1] == "ready":
                return True
            if time.monotonic() > deadline:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
                raise ServerError(f"the server was not ready in time; its log: {self.log}")
            time.sleep(0.02)
        with self.log.open("rb") as log:
            log.seek(log_start)
            words = log.read().decode(errors="replace")
        if "Address already in use" in words:
            return False
        raise ServerError(f"the server did not start:\n{words.strip()}")

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().split()
        except FileNotFoundError:
            return []

    def _wait_gone(self, pid: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while machine.works_in(pid, self.data):
            if self._process is not None:
                self._process.poll()
            if time.monotonic() > deadline:
                raise ServerError(f"process {pid} is still there after {timeout:g} s")
            time.sleep(0.02)
        # Until we have asked for its end, its number is taken, and the next server would not start.
        if self._process is not None and self._process.pid == pid:
            self._process.wait(timeout)


def url_of(directory: Path) -> str | None:
    """The address of the server that `rota dev up` started in this directory, if it is up."""
    try:
        server = Server(directory / DEV_HOME)
        return server.url(DEV_DATABASE, tcp=True) if server.running else None
    except (ServerError, OSError):
        return None
