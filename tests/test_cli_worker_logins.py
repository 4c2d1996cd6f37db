"""`rota worker` under other logins, without rights, and behind poolers."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from harness import Clone, wait_until
from pgrota import errors, machine
from pgrota.server import Server
from support_deploy import rota
from support_process import (
    HANDLERS,
    OPEN,
    WorkerProcess,
    outcomes,
    start,
    wait_for_no_sessions,
    wait_for_state,
    worker_processes,
)

WorkerFactory = Callable[..., WorkerProcess]


@pytest.fixture
def worker() -> Iterator[WorkerFactory]:
    with worker_processes() as begin:
        yield begin


@pytest.fixture
def app(database: Clone) -> Clone:
    """A database with some tasks."""
    database.run(HANDLERS)
    return database


# logins


@pytest.fixture
def login(app: Clone) -> Iterator[str]:
    """A member of rota_worker with settings that would harm a worker."""
    name = f"login_{app.name}"
    app.run(f"create role {name} login")
    app.run(f"grant rota_worker to {name}")
    for setting in (
        "statement_timeout = '700ms'",
        "lock_timeout = '100ms'",
        "default_transaction_isolation = 'repeatable read'",
        "search_path = 'app, public'",
    ):
        app.run(f"alter role {name} set {setting}")
    yield name
    app.close()
    with app.server.connect() as connection:
        connection.execute(f"drop role {name}")


@pytest.mark.parametrize("user", ["login", "postgres"])
def test_another_login_acts_as_rota_worker(
    app: Clone, worker: WorkerFactory, login: str, user: str
) -> None:
    name = login if user == "login" else "postgres"
    process = worker(app, user=name)
    assert f"logs in as {name}" in process.said
    # The second comes after the clean-up of the first, which resets what was set.
    for _ in range(2):
        run_id = start(app, "nap", '{"what": "a", "seconds": 1}')
        wait_for_state(app, run_id, "succeeded")
        query = "select r.output ->> 'role' from rota.runs as r where r.run_id = %s"
        assert app.value(query, run_id) == "rota_worker"
    stuck = start(app, "nap", '{"what": "a", "seconds": 60}')
    wait_for_state(app, stuck, "running")
    app.run("select rota.cancel(%s)", stuck)
    wait_for_state(app, stuck, "cancelled", 5)
    assert process.stop() == 0
    wait_for_no_sessions(app)


def test_after_the_grace_another_login_can_interrupt_too(
    app: Clone, worker: WorkerFactory, login: str
) -> None:
    process = worker(app, "--grace", "0.3", user=login)
    run_id = start(app, "nap", '{"what": "a", "seconds": 60}')
    wait_for_state(app, run_id, "running")
    time.sleep(0.2)
    assert process.stop(10) == 0
    assert outcomes(app, run_id) == [("interrupted", False)]


def test_a_supervisor_that_may_not_signal_goes_on(
    app: Clone, worker: WorkerFactory, login: str
) -> None:
    supervisor = app.supervise()
    process = worker(app, "--no-supervisor", user=login)
    run_id = start(app, "nap", '{"what": "a", "seconds": 60}')
    wait_for_state(app, run_id, "running")
    app.run("select rota.cancel(%s)", run_id)
    wait_until(
        lambda: app.value(
            "select true from rota.logs as l where l.context ->> 'duty' = 'stop_runs'"
            " and l.context ->> 'sqlstate' = '42501'"
        )
    )
    assert supervisor.alive
    worker(app, "--workers", "0", user=login)
    wait_for_state(app, run_id, "cancelled", 5)
    process.kill()


def test_a_login_without_the_right_is_told_what_to_grant(app: Clone) -> None:
    name = f"nobody_{app.name}"
    app.run(f"create role {name} login")
    try:
        done = rota("worker", url=app.url(name))
    finally:
        app.run(f"drop role {name}")
    assert done.returncode == errors.ERROR
    assert f"{name} may not act as rota_worker" in done.stderr
    assert f"Hint: grant rota_worker to {name}" in done.stderr


def test_an_unknown_lane_is_refused(app: Clone) -> None:
    done = rota("worker", "--lane", "nope", url=app.url("rota_worker"))
    assert done.returncode == errors.ERROR
    assert "there is no lane nope here" in done.stderr
    assert "There are: default." in done.stderr


def test_without_the_engine_it_says_so(empty_database: Clone) -> None:
    done = rota("worker", url=empty_database.url("rota_worker"))
    assert done.returncode == errors.ERROR
    assert "rota is not installed in this database" in done.stderr
    assert "Hint: rota deploy" in done.stderr


def test_without_a_server_it_ends_with_code_8() -> None:
    done = rota("worker", url="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == errors.CANNOT_CONNECT


def test_it_says_that_pg_cron_works_too(cron_database: Clone, worker: WorkerFactory) -> None:
    cron_database.run("grant usage on schema cron to rota_worker")
    cron_database.run("set role rota_worker; select rota_core.sync_cron()")
    process = worker(cron_database)
    process.wait_for("pg_cron runs workers here as well")
    assert process.stop() == 0


# poolers

POOLER = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
unix_socket_dir =
pool_mode = {mode}
default_pool_size = 10
{extra}
"""


@pytest.fixture
def pooler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Start pgbouncer before a database and return its address."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    started: list[subprocess.Popen] = []

    def begin(database: Clone, mode: str, extra: str = "") -> str:
        server: Server = database.server
        place = server.place
        listen = machine.free_port()
        config = place / f"pgbouncer-{listen}.ini"
        config.write_text(
            POOLER.format(
                host=server.socket_directory, port=server.port, user="rota_worker",
                listen=listen, mode=mode, extra=extra,
            )
        )  # fmt: skip
        config.chmod(0o644)
        started.append(
            subprocess.Popen(
                [program, "-q", str(config)],
                stderr=subprocess.DEVNULL,
                **machine.account(),
            )
        )
        url = f"postgresql://rota_worker@127.0.0.1:{listen}/{database.name}"
        wait_until(lambda: rota("run", "show", "1", url=url).returncode != errors.CANNOT_CONNECT)
        return url

    yield begin
    for process in started:
        process.terminate()
        process.wait()


def test_a_pooler_in_transaction_mode_is_refused(app: Clone, pooler: Callable[..., str]) -> None:
    done = rota("worker", url=pooler(app, "transaction"))
    assert done.returncode == errors.ERROR
    assert "a pooler in transaction mode" in done.stderr


def test_a_pooler_in_session_mode_will_do(app: Clone, pooler: Callable[..., str]) -> None:
    process = WorkerProcess(pooler(app, "session"))
    try:
        process.ready()
        for _ in range(2):
            run_id = start(app, "nap", '{"what": "a", "seconds": 0.1}')
            wait_for_state(app, run_id, "succeeded")
        assert process.stop() == 0
    finally:
        process.kill()
    assert app.value(OPEN) == 0
