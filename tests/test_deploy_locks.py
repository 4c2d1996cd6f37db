"""Deploying beside others: another deploy, locks, working workers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from harness import Clone, wait_until
from pgrota import drain
from pgrota.deploy import deploy
from pgrota.errors import LOCK, LockedOut
from pgrota.transaction import LOCK as DEPLOY_LOCK
from pgrota.transaction import Patience
from support_deploy import add_file, add_revision, dump, function, rota

HANDLER = """
create schema app;
grant usage on schema app to rota_worker;
create function app.slow(input jsonb) returns jsonb language plpgsql as $$
begin
  perform pg_sleep((input ->> 'seconds')::float);
  return '{}';
end $$;
"""


@pytest.fixture
def target(own_engine: Path, database: Clone) -> Clone:
    """A database with the engine as the files have it, and a task whose handler sleeps."""
    deploy(database.url())
    database.run(HANDLER)
    database.run("select rota.define_task('slow', 'app.slow')")
    return database


@contextmanager
def holding(database: Clone, statement: str) -> Iterator[psycopg.Connection]:
    """A session in whose transaction the statement has been executed."""
    with database.connect(autocommit=False) as connection:
        connection.execute(statement)
        yield connection
        connection.rollback()


def runs_slowly(database: Clone, seconds: float) -> int:
    """Start a run and wait until a worker is in its handler."""
    run_id = database.value(
        "select run_id from rota.start('slow', jsonb_build_object('seconds', %s::float))", seconds
    )
    wait_until(
        lambda: database.value("select 1 from rota.runs where state = 'running'"),
        what="the run to be picked up",
    )
    return run_id


def test_a_second_deployer_is_told_who_is_first(target: Clone) -> None:
    with holding(target, f"select pg_advisory_xact_lock{DEPLOY_LOCK}") as other:
        with pytest.raises(LockedOut, match="another deploy") as refused:
            deploy(target.url(), patience=Patience(lock=0.3))
        assert f"process {other.info.backend_pid} of postgres" in refused.value.detail
        done = rota("deploy", "--lock-wait", "0.3", url=target.url())
    assert done.returncode == LOCK
    assert "another deploy of this database is under way" in done.stderr


def test_a_second_deployer_waits(target: Clone) -> None:
    said: list[str] = []
    with (
        ThreadPoolExecutor() as pool,
        holding(target, f"select pg_advisory_xact_lock{DEPLOY_LOCK}") as other,
    ):
        second = pool.submit(deploy, target.url(), say=said.append)
        wait_until(lambda: said, what="the second to wait")
        other.rollback()
        assert not second.result().changed


def test_many_deploy_at_once_into_an_empty_database(
    own_engine: Path, empty_database: Clone
) -> None:
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(lambda _: deploy(empty_database.url()), range(4)))
    assert sorted(outcome.changed for outcome in outcomes) == [False, False, False, True]


def test_a_lock_that_is_let_go_is_waited_for(target: Clone, own_engine: Path) -> None:
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    said: list[str] = []
    with ThreadPoolExecutor() as pool, holding(target, "select * from rota_core.run") as other:
        deploying = pool.submit(deploy, target.url(), say=said.append)
        wait_until(lambda: any("trying again" in line for line in said), what="a second try")
        other.rollback()
        assert deploying.result().changed


def test_nobody_queues_behind_a_waiting_deploy_for_long(target: Clone, own_engine: Path) -> None:
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    waits = []
    with ThreadPoolExecutor() as pool, holding(target, "select * from rota_core.run") as other:
        deploying = pool.submit(deploy, target.url())
        with target.connect() as reader:
            for _ in range(60):
                start = time.monotonic()
                reader.execute("select * from rota_core.run")
                waits.append(time.monotonic() - start)
                time.sleep(0.02)
        other.rollback()
        assert deploying.result().changed
    assert 0.05 < max(waits) < 1, "it waits as long as one lock_timeout, and no longer"


def test_a_lock_that_stays_ends_the_deploy(target: Clone, own_engine: Path) -> None:
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    before = dump(target)
    with holding(target, "select * from rota_core.run") as other:
        with pytest.raises(LockedOut, match="nothing was changed") as refused:
            deploy(target.url(), patience=Patience(tries=2))
        assert "waited for AccessExclusiveLock on rota_core.run;" in refused.value.message
        assert f"process {other.info.backend_pid} of postgres" in refused.value.detail
    assert dump(target) == before
    assert target.value("select rota_core.setting('draining')") == "false"


def test_functions_change_under_a_working_worker(target: Clone, own_engine: Path) -> None:
    worker = target.work()
    run_id = runs_slowly(target, 2)
    add_file(own_engine, "trial.sql", function("trial"))
    changed = own_engine / "sql/engine/worker/record_outcomes.sql"
    changed.write_text(changed.read_text() + "\n-- another text\n")
    outcome = deploy(target.url())
    assert outcome.changed
    assert not outcome.drained
    wait_until(lambda: target.value("select rota.get_run(%s) ->> 'state'", run_id) == "succeeded")
    assert worker.alive


def test_workers_leave_before_a_migration_and_come_back(target: Clone, own_engine: Path) -> None:
    workers = [target.work(), target.supervise()]
    run_id = runs_slowly(target, 1)
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    said: list[str] = []
    outcome = deploy(target.url(), say=said.append)
    assert outcome.drained
    assert any("waiting for" in line for line in said)
    assert [worker.join() for worker in workers] == [None, None]
    assert target.value("select rota.get_run(%s) ->> 'state'", run_id) == "succeeded"
    assert target.value("select rota_core.setting('draining')") == "false"
    target.work()
    again = runs_slowly(target, 0.5)
    wait_until(lambda: target.value("select rota.get_run(%s) ->> 'state'", again) == "succeeded")


def test_a_worker_that_stays_ends_the_deploy(target: Clone, own_engine: Path) -> None:
    worker = target.work()
    run_id = runs_slowly(target, 4)
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    before = dump(target)
    with pytest.raises(LockedOut, match="have not left within 1 s") as refused:
        deploy(target.url(), patience=Patience(drain=1))
    assert f"run {run_id} of task slow is running" in refused.value.detail
    assert dump(target) == before
    assert target.value("select rota_core.setting('draining')") == "false"
    wait_until(lambda: target.value("select rota.get_run(%s) ->> 'state'", run_id) == "succeeded")
    worker.terminate()


def test_a_lock_left_on_an_idle_backend_keeps_nobody_waiting(
    target: Clone, own_engine: Path
) -> None:
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    with target.connect() as pooled:
        worker_id = pooled.execute(
            "insert into rota_core.worker (kind, lane, pid, role, started_at, seen_at)"
            " values ('worker', 'default', pg_backend_pid(), 'rota_worker', now(), now())"
            " returning worker_id"
        ).fetchone()[0]
        pooled.execute("select pg_advisory_lock(1919906913, %s)", [worker_id])
        assert deploy(target.url(), patience=Patience(drain=1)).drained


def test_a_deploy_that_dies_keeps_workers_away_for_a_while_only(
    target: Clone, own_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_revision(own_engine, "alter table rota_core.run add column trial int;")
    monkeypatch.setattr(drain, "GRACE", 1.5)
    monkeypatch.setattr(drain, "clear", lambda connection: None)
    monkeypatch.setattr(drain, "_await_departure", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        deploy(target.url(), patience=Patience(drain=1))
    assert target.value("select rota_core.setting('draining')") == "true"
    wait_until(lambda: target.value("select rota_core.setting('draining')") == "false")
    monkeypatch.undo()
    own = Path(own_engine)
    monkeypatch.setattr("pgrota.project.root", lambda: own)
    target.run("insert into rota_core.setting values ('draining', 'infinity')"
               " on conflict (name) do update set value = 'infinity'")  # fmt: skip
    deploy(target.url())
    assert target.value("select rota_core.setting('draining')") == "false"
