"""`rota worker` in a process of its own: working, leaving, coming back."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import errors, machine
from pgrota.server import Server
from support_deploy import rota
from support_process import (
    HANDLERS,
    WorkerProcess,
    outcomes,
    sessions,
    start,
    state,
    wait_for_state,
)

WorkerFactory = Callable[..., WorkerProcess]
OPEN = "select count(*) from rota_core.worker where ended_at is null"


@pytest.fixture
def worker() -> Iterator[WorkerFactory]:
    """Start worker processes, as rota_worker unless told otherwise, ready to work."""
    started: list[WorkerProcess] = []

    def begin(
        database: Clone, *arguments: str, user: str = "rota_worker", ready: bool = True
    ) -> WorkerProcess:
        started.append(WorkerProcess(database.url(user), *arguments))
        return started[-1].ready() if ready else started[-1]

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def app(database: Clone) -> Clone:
    """A database with some tasks."""
    database.run(HANDLERS)
    return database


def test_it_works_and_sigterm_leaves_nothing(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 0.1}')
    wait_for_state(app, run_id, "succeeded")
    assert process.stop(5) == 0
    assert app.value(OPEN) == 0
    assert sessions(app) == 0
    assert app.run("select w.kind, w.state from rota.workers as w order by 1") == [
        ("supervisor", "ended"),
        ("worker", "ended"),
        ("worker", "ended"),
    ]
    said = process.said.splitlines()
    assert [line.split("] ", 3)[3].split(";")[0].split(" after")[0] for line in said] == [
        f"at work in {app.name} on {app.server.socket_directory}:{app.server.port}",
        "leaving",
        "stopped",
    ]


def test_an_idle_worker_leaves_at_once(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--no-supervisor")
    wait_until(lambda: app.value(OPEN) == 2)
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 2


def test_a_run_under_way_ends_before_it_leaves(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1.5}')
    wait_for_state(app, run_id, "running")
    process.send(signal.SIGINT)
    late = start(app, "nap", '{"what": "late", "seconds": 0}')
    assert process.end() == 0
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert state(app, late) == "queued"
    assert app.run("select e.what from app.effect as e") == [("a",)]


def test_after_the_grace_a_run_is_interrupted_uncounted(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--grace", "0.5")
    run_id = start(app, "nap", '{"what": "a", "seconds": 60}')
    wait_for_state(app, run_id, "running")
    time.sleep(0.2)
    assert process.stop(10) == 0
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == [("interrupted", False)]
    assert app.value("select count(*) from app.effect") == 0
    assert f"run {run_id} is interrupted" in process.said
    assert app.value(OPEN) == 0
    assert sessions(app) == 0


def test_a_chunked_run_leaves_at_its_checkpoint(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "steps")
    wait_until(lambda: app.value("select count(*) from app.effect") >= 3)
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 3
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == []
    worker(app)
    wait_for_state(app, run_id, "succeeded")
    assert app.run(
        "select string_agg(e.what, ',' order by e.what::int), max(r.attempt)"
        " from app.effect as e, rota.runs as r"
    ) == [(",".join(str(n) for n in range(1, 13)), 1)]


def test_a_second_signal_ends_it_at_once_and_the_run_goes_on(
    app: Clone, worker: WorkerFactory
) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 2}')
    wait_for_state(app, run_id, "running")
    process.send()
    process.wait_for("leaving")
    process.send()
    assert process.end(1) == 128 + signal.SIGTERM
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("succeeded", True)]


def test_a_killed_process_costs_no_run(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1}')
    wait_for_state(app, run_id, "running")
    process.kill()
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert app.run("select e.what from app.effect as e") == [("a",)]


def test_it_connects_again_after_a_restart_and_a_crash(
    crash_database: Clone, worker: WorkerFactory
) -> None:
    crash_database.run(HANDLERS)
    server = crash_database.server
    process = worker(crash_database)
    run_id = start(crash_database, "nap", '{"what": "a", "seconds": 2}')
    wait_for_state(crash_database, run_id, "running")
    server.restart("immediate")
    process.wait_for("connected again")
    wait_for_state(crash_database, run_id, "succeeded")
    assert crash_database.run("select e.what from app.effect as e") == [("a",)]
    assert process.said.count("was lost") == 1
    server.stop()
    time.sleep(1)
    server.start()
    wait_until(lambda: process.said.count("connected again") == 2)
    run_id = start(crash_database, "nap", '{"what": "b", "seconds": 0}')
    wait_for_state(crash_database, run_id, "succeeded")
    assert process.stop() == 0


def test_it_leaves_while_the_server_is_away(crash_database: Clone, worker: WorkerFactory) -> None:
    process = worker(crash_database)
    crash_database.server.stop("immediate")
    process.wait_for("was lost")
    assert process.stop(8) == 0


def test_it_notices_new_lanes_and_other_numbers(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    app.run("select rota.define_lane('batch', 2)")
    app.run("select rota.define_lane('default', 1)")
    process.wait_for("worker 2 of lane batch starts")
    process.wait_for("worker 2 of lane default leaves")
    working = (
        "select w.lane, count(*) from rota.workers as w"
        " where w.state = 'working' and w.kind = 'worker' group by 1 order by 1"
    )
    wait_until(lambda: app.run(working) == [("batch", 2), ("default", 1)])
    assert process.stop() == 0


def test_lane_and_workers_say_for_whom_and_how_many(app: Clone, worker: WorkerFactory) -> None:
    app.run("select rota.define_lane('batch', 1)")
    process = worker(app, "--lane", "batch", "--workers", "3", "--no-supervisor")
    wait_until(lambda: app.value(OPEN) == 3)
    assert app.run("select distinct w.kind, w.lane from rota.workers as w") == [("worker", "batch")]
    assert "3 for lane batch" in process.said
    assert "supervisor" not in process.said


def test_once_does_what_is_due_and_ends(app: Clone, worker: WorkerFactory) -> None:
    due = [start(app, "nap", '{"what": "a", "seconds": 0.2}') for _ in range(3)]
    later = start(app, "nap", '{"what": "b", "seconds": 0}', run_at="now() + interval '1 hour'")
    app.run("select rota.define_task('elsewhere', null, kind => 'external')")
    start(app, "elsewhere")
    assert worker(app, "--once").end() == 0
    assert {state(app, run_id) for run_id in due} == {"succeeded"}
    assert state(app, later) == "queued"
    assert sessions(app) == 0


def test_a_lost_worker_is_recovered_by_its_supervisor(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    run_id = start(app, "nap", '{"what": "a", "seconds": 1}')
    pid = wait_until(
        lambda: app.value(
            "select w.pid from rota.workers as w where w.run_id = %s and w.kind = 'worker'", run_id
        )
    )
    app.signal("pg_terminate_backend", pid)
    wait_for_state(app, run_id, "succeeded")
    assert outcomes(app, run_id) == [("lost", True), ("succeeded", True)]
    process.wait_for("was lost")
    process.wait_for("connected again")


def test_a_stray_cancel_does_not_end_it(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app, "--workers", "1")
    pid = wait_until(lambda: app.value("select w.pid from rota.workers as w where w.lane > ''"))
    app.signal("pg_cancel_backend", pid)
    process.wait_for("canceling statement")
    run_id = start(app, "nap", '{"what": "a", "seconds": 0}')
    wait_for_state(app, run_id, "succeeded")
    assert process.process.poll() is None


def test_it_stays_away_while_the_engine_is_upgraded(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    wait_until(lambda: app.value(OPEN) == 3)
    app.run("insert into rota_core.setting (name, value) values ('draining', 'infinity')")
    wait_until(lambda: app.value(OPEN) == 0)
    process.wait_for("the engine is being upgraded")
    run_id = start(app, "nap", '{"what": "a", "seconds": 0}')
    time.sleep(1.5)
    assert state(app, run_id) == "queued"
    assert process.said.count("being upgraded") == 1
    app.run("delete from rota_core.setting where name = 'draining'")
    wait_for_state(app, run_id, "succeeded")


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
    assert sessions(app) == 0


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


def test_a_pooler_in_transaction_mode_is_refused(
    app: Clone, pooler: Callable[..., str], tmp_path: Path
) -> None:
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
