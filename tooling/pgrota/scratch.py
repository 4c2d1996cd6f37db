"""A database for a while: made for a test or a check, and gone afterwards."""

from __future__ import annotations

import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from pgrota import deploy, preflight, removal
from pgrota.config import Config
from pgrota.database import Database
from pgrota.errors import Problem, Refusal
from pgrota.server import Server

UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@contextmanager
def database(
    configured: Database, own_server: bool, say: Callable[[str], None]
) -> Iterator[Database]:
    """An empty database: on the server that is configured, or else on one of its own."""
    with _told_to_stop():
        if own_server or configured.source == "libpq":
            # It goes with all that is in it.
            with _server(say) as server:
                yield Database(server.url(), "a server for this")
        else:
            with _database(configured, say) as made:
                yield made


def deployed(here: Config, target: Database, before: Sequence[Path] = ()) -> None:
    """Put the project there, upon what it takes for granted."""
    recipes, user = list(here.recipes), here.project()
    for path in before:
        _load(target, path)
    deploy.deploy(target, recipes, user=user)


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Clean up when told to stop, too: SIGTERM by itself would leave everything behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _server(say: Callable[[str], None]) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="rota-scratch-") as home:
        # The server's own user enters it where ours is root.
        Path(home).chmod(0o755)
        server = Server(Path(home), settings=UNSAFE)
        say(f"starting PostgreSQL {server.binaries.version} for this")
        try:
            yield server.start()
        finally:
            server.remove()


@contextmanager
def _database(at: Database, say: Callable[[str], None]) -> Iterator[Database]:
    name = f"rota_test_{secrets.token_hex(4)}"
    with at.connect() as connection:
        roles = _roles(connection)
        try:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise Problem(
                f"{connection.info.user} may not make a database for this",
                f"on {at.shown}",
                f"alter role {preflight.quoted(connection.info.user)} createdb; or: --own-server",
            ) from None
    try:
        url = psycopg.conninfo.make_conninfo(at.url, dbname=name)
        made = Database(url, "a scratch database")
        try:
            yield made
        finally:
            made.close()
            if not roles & set(preflight.ROLES):
                # Roles are the server's: where there was no rota before, none of it stays.
                removal.remove(made, force=True)
    finally:
        with at.connect() as connection, _pg_cron_awake(at, connection):
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


@contextmanager
def _pg_cron_awake(at: Database, connection: psycopg.Connection) -> Iterator[None]:
    """Let pg_cron's launcher look up from the jobs that it waits for.

    `drop database` waits for every process to acknowledge a barrier. The launcher does so when it
    reads its jobs: at the full minute, or after a statement on cron.job, whatever that changes.
    """
    home = connection.execute("select current_setting('cron.database_name', true)").fetchone()[0]
    done = threading.Event()

    def wake() -> None:
        with suppress(psycopg.Error, Problem), at.connect(dbname=home) as second:
            while not done.wait(0.2):
                second.execute("update cron.job set active = active where false")

    waker = threading.Thread(target=wake)
    if home:
        waker.start()
    try:
        yield
    finally:
        done.set()
        if home:
            waker.join()


def _roles(connection: psycopg.Connection) -> set[str]:
    return {row[0] for row in connection.execute("select r.rolname from pg_catalog.pg_roles as r")}


def _load(target: Database, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    # pg_dump writes a line for psql at each end.
    text = "\n".join(line for line in lines if not line.startswith("\\"))
    try:
        target.execute(text.encode())
    except psycopg.Error as error:
        raise Refusal(error, str(path)) from error
    finally:
        target.close()
