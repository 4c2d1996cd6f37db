"""Deploying through pgbouncer in transaction mode."""

from __future__ import annotations

import pwd
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from harness import Clone, wait_until
from pgrota.deploy import deploy
from pgrota.machine import account
from support_deploy import add_file, add_revision, function, rota


@pytest.fixture
def target(own_engine: Path, database: Clone) -> Clone:
    """A database with the engine as the files have it."""
    deploy(database.url())
    return database


@pytest.fixture
def pooled(target: Clone) -> Iterator[str]:
    """The address of the database behind pgbouncer in transaction mode."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    home = target.server.socket_directory
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    users, settings = home / "users.txt", home / "pgbouncer.ini"
    users.write_text('"postgres" ""\n')
    settings.write_text(
        f"[databases]\n* = host={home} port={target.server.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = 4\n"
    )
    owner = account()
    if owner:
        for path in (users, settings):
            shutil.chown(path, pwd.getpwuid(owner["user"]).pw_name)
    process = subprocess.Popen(
        [program, str(settings)], cwd="/", stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, **owner,
    )  # fmt: skip
    url = f"postgresql://postgres@127.0.0.1:{port}/{target.name}"

    def answers() -> bool:
        try:
            psycopg.connect(url, connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, what="pgbouncer to answer")
    yield url
    process.terminate()
    process.wait()
    users.unlink()
    settings.unlink()


def test_through_a_pooler(target: Clone, own_engine: Path, pooled: str) -> None:
    assert not deploy(pooled).changed
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    add_file(own_engine, "trial.sql", function("trial"))
    worker = target.work()
    wait_until(
        lambda: target.value("select count(*) from rota_core.worker where ended_at is null"),
        what="the worker to sign on",
    )
    outcome = deploy(pooled)
    assert outcome.drained
    assert {change.kind for change in outcome.changes} == {"migration", "function"}
    assert worker.join() is None
    assert not deploy(pooled, dry_run=True).changed
    diagnosed = rota("doctor", url=pooled).stdout
    assert "through a pooler" in diagnosed


def test_a_pooler_and_several_at_once(target: Clone, own_engine: Path, pooled: str) -> None:
    add_file(own_engine, "trial.sql", function("trial"))
    barrier = threading.Barrier(3)

    def one(_: int) -> bool:
        barrier.wait()
        return deploy(pooled).changed

    with ThreadPoolExecutor() as pool:
        assert sorted(pool.map(one, range(3))) == [False, False, True]
