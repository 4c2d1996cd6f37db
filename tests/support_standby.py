"""A server that streams from another, and what happens to the two of them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from pgrota import machine
from pgrota.server import Server


def copy_running(primary: Server, home: Path) -> Server:
    """A standby of a server that runs, not started yet."""
    if not Path(primary.binaries.program("pg_basebackup")).exists():
        pytest.skip("pg_basebackup is not installed")
    with (primary.data / "pg_hba.conf").open("a") as rules:
        rules.write("local replication all trust\n")
    with primary.connect() as connection:
        connection.execute("select pg_reload_conf()")

    standby = Server(home, cron_database=primary.cron_database, settings=primary.settings)
    standby.home.mkdir(parents=True)
    standby._state = {"place": str(standby._make_place()), "password": primary.password}
    subprocess.run(
        [
            *[primary.program("pg_basebackup"), "--pgdata", str(standby.data), "--no-sync"],
            *["--checkpoint", "fast", "--write-recovery-conf", "--username", "postgres"],
            *["--host", str(primary.socket_directory), "--port", str(primary.port)],
        ],
        cwd=standby.place,
        env=machine.environment(standby.place),
        check=True,
        **machine.account(),
    )
    return standby


def wait_for_standby(primary: Server, standby: Server, timeout: float = 20) -> None:
    """Until all that is committed on the primary can be read on the standby."""
    with primary.connect() as connection:
        (written,) = connection.execute("select pg_current_wal_insert_lsn()").fetchone()
    deadline = time.monotonic() + timeout
    with standby.connect() as connection:
        ask = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
        while not connection.execute(ask, (written,)).fetchone()[0]:
            if time.monotonic() > deadline:
                pytest.fail("the standby does not follow")
            time.sleep(0.02)


def cut(primary: Server, standby: Server, timeout: float = 20) -> None:
    """End replication: the standby receives nothing from here on."""
    with standby.connect() as connection:
        connection.execute("alter system set primary_conninfo = ''")
        connection.execute("select pg_reload_conf()")
    deadline = time.monotonic() + timeout
    with primary.connect() as connection:
        while connection.execute("select count(*) from pg_stat_replication").fetchone()[0]:
            if time.monotonic() > deadline:
                pytest.fail("the standby goes on receiving")
            time.sleep(0.02)


def fail_over(primary: Server, standby: Server) -> None:
    """The primary loses power, and the standby takes its place."""
    primary.kill()
    with standby.connect() as connection:
        assert connection.execute("select pg_promote(wait => true)").fetchone() == (True,)


def is_lost(error: psycopg.Error | None) -> bool:
    return isinstance(error, psycopg.OperationalError)
