"""`rota dev`: a private server to try things on."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path
from typing import Any

import click

from pgrota import output
from pgrota.binaries import NoServer
from pgrota.errors import Problem
from pgrota.machine import NoUser
from pgrota.server import DEV_DATABASE, DEV_HOME, Server, ServerError

WITHOUT_CRON = (
    "pg_cron is not installed, so nothing in this server starts work by itself. Keep\n"
    "  rota worker\n"
    "running in its place: schedules fire and runs execute as long as it runs."
)


def plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Say what went wrong with the server without a traceback."""

    def attempt(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (ServerError, NoServer, NoUser) as error:
            raise Problem(str(error)) from error

    return update_wrapper(attempt, function)


@click.group(epilog="Example: rota dev up")
def dev() -> None:
    """A private Postgres server, in .rota/ of this directory."""


@dev.command(epilog="Example: rota dev up")
@plainly
def up() -> None:
    """Start the server, making it first if need be, and print its address."""
    with alone():
        server = start(Path.cwd())
    if output.wants_json():
        output.data({"url": server.url(DEV_DATABASE, tcp=True), "pg_cron": server.has_cron})
    else:
        click.echo(server.url(DEV_DATABASE, tcp=True))


@dev.command(epilog="Example: rota dev down --remove")
@click.option("--remove", is_flag=True, help="Delete the server and all its data too.")
@plainly
def down(remove: bool) -> None:
    """Stop the server. Its data stay unless --remove is given."""
    server = Server(Path.cwd() / DEV_HOME)
    was_up = server.running
    if remove:
        server.remove()
    else:
        server.stop()
    output.progress("the server is stopped" if was_up else "no server was running")
    if remove:
        output.progress("its data are deleted")


@dev.command(epilog="Example: rota dev url")
@plainly
def url() -> None:
    """Print the address of the running server."""
    click.echo(_running().url(DEV_DATABASE, tcp=True))


@dev.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: rota dev psql -c 'select * from rota.tasks'",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@plainly
def psql(arguments: tuple[str, ...]) -> None:
    """Open psql on the running server. ARGUMENTS are psql's own."""
    server = _running()
    program = server.binaries.directory / "psql"
    found = str(program) if program.exists() else shutil.which("psql")
    if found is None:
        raise Problem("psql is not installed", hint="apt-get install postgresql-client")
    # Arguments can be read by everybody on the machine.
    address = f"postgresql://postgres@127.0.0.1:{server.port}/{DEV_DATABASE}"
    os.execve(found, [found, address, *arguments], {**os.environ, "PGPASSWORD": server.password})


def start(directory: Path) -> Server:
    """The server of this directory, up, with its database and pg_cron in it."""
    server = Server(directory / DEV_HOME, cron_database=DEV_DATABASE)
    if not server.running:
        output.progress(
            f"starting PostgreSQL {server.binaries.version} from {server.binaries.directory}"
        )
    server.start()
    with server.connect() as connection:
        query = "select from pg_catalog.pg_database as d where d.datname = %s"
        if connection.execute(query, [DEV_DATABASE]).fetchone() is None:
            connection.execute(f"create database {DEV_DATABASE}")
    if server.has_cron:
        with server.connect(DEV_DATABASE) as connection:
            connection.execute("set client_min_messages = warning")
            connection.execute("create extension if not exists pg_cron")
    else:
        output.warn(WITHOUT_CRON)
    return server


def _running() -> Server:
    server = Server(Path.cwd() / DEV_HOME)
    if not server.running:
        raise Problem("no server is running in this directory", hint="rota dev up")
    return server


@contextmanager
def alone() -> Iterator[None]:
    """Let one `rota dev up` at a time work in this directory."""
    home = Path.cwd() / DEV_HOME
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
