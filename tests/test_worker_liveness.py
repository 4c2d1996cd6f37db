"""Who is alive, and what becomes of the runs of those who are not."""

from __future__ import annotations

import time

import psycopg
import pytest

from harness import Clone, wait_until
from support_worker import (
    define,
    effects,
    ended,
    held,
    outcomes,
    prepare,
    rows,
    run_of,
    start,
    wait_at,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def lost_workers(app: Clone) -> int:
    return app.value("select count(*) from rota_core.worker where outcome = 'lost'")


@pytest.mark.parametrize("then", ["return null;", "raise 'failed';"])
def test_a_handler_that_drops_the_workers_lock_does_not_kill_it(app: Clone, then: str) -> None:
    body = f"perform pg_advisory_unlock_all(); perform app.pass(1); {then}"
    define(app, "rude", body, max_attempts=1)
    define(app, "quick", "return null;")
    run_id = start(app, "rude")
    app.supervise()
    with held(app):
        worker = app.work()
        wait_at(app)
        time.sleep(2.5)
        assert lost_workers(app) == 0
    ended(app, run_id)
    assert ended(app, start(app, "quick"))["state"] == "succeeded"
    assert (lost_workers(app), worker.alive) == (0, True)


def test_it_is_alive_while_it_records_the_outcome(app: Clone) -> None:
    define(app, "rude", "perform pg_advisory_unlock_all(); return null;", max_attempts=1)
    app.run(
        "create function app.wait() returns trigger language plpgsql as $$"
        " begin perform app.pass(1); return new; end $$;"
        "create trigger wait before insert on rota_core.finished_run"
        " for each row execute function app.wait()"
    )
    run_id = start(app, "rude")
    app.supervise()
    with held(app):
        app.work()
        wait_at(app)
        time.sleep(2.5)
    assert ended(app, run_id)["state"] == "succeeded"
    assert lost_workers(app) == 0


def broken_call(app: Clone, session: psycopg.Connection) -> int:
    """Abort a CALL while it has a run: bookkeeping fails. The run."""
    define(app, "quick", "perform app.note('x'); return null;", initial_delay="0 s")
    app.run(
        "create or replace function app.fail() returns trigger language plpgsql as $$"
        " begin raise 'a broken table'; end $$;"
        "create trigger fail before insert on rota_core.finished_run"
        " for each row execute function app.fail()"
    )
    run_id = start(app, "quick")
    with pytest.raises(psycopg.errors.RaiseException, match="a broken table"):
        session.execute("call rota.work(budget => '5 s')")
    app.run("drop trigger fail on rota_core.finished_run")
    assert run_of(app, run_id)["state"] == "running"
    return run_id


def test_a_second_call_on_a_backend_takes_over_from_one_that_was_aborted(app: Clone) -> None:
    with app.connect("rota_worker") as session:
        run_id = broken_call(app, session)
        session.execute("call rota.work(budget => '200 ms', poll => '10 ms')")

    assert lost_workers(app) == 1
    assert outcomes(app, run_id)[0] == ("lost", True)
    app.work()
    assert ended(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == ["x"]


def test_an_aborted_call_is_recovered_while_its_session_stays_open(app: Clone) -> None:
    with app.connect("rota_worker") as session:
        run_id = broken_call(app, session)
        app.supervise()
        wait_until(lambda: run_of(app, run_id)["state"] == "queued", what="the recovery")
        app.work()
        assert ended(app, run_id)["state"] == "succeeded"
        assert effects(app, run_id) == ["x"]


def test_a_worker_that_died_alone_has_its_runs_recovered_within_seconds(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform app.pass(1); return null;")
    run_id = start(app, "slow")
    app.supervise()
    with held(app):
        worker = app.work()
        wait_at(app)
        worker.terminate()
        worker.join()
        # The promise is 5 s, on a machine that has nothing else to do.
        wait_until(lambda: run_of(app, run_id)["state"] == "queued", 10, what="the recovery")
    app.work()
    assert ended(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == ["x"]


def test_two_supervisors_do_not_disturb_each_other(app: Clone) -> None:
    define(app, "slow", "perform app.pass(1); return null;", initial_delay="0 s")
    ids = [start(app, "slow") for _ in range(3)]
    supervisors = [app.supervise() for _ in range(3)]
    with held(app):
        workers = [app.work() for _ in range(3)]
        wait_at(app, count=3)
        for worker in workers:
            worker.terminate()
            worker.join()
        wait_until(lambda: lost_workers(app) == 3, what="the recovery")
    app.work()
    assert [ended(app, i)["state"] for i in ids] == ["succeeded"] * 3
    assert [outcomes(app, i) for i in ids] == [[("lost", True), ("succeeded", True)]] * 3
    assert all(supervisor.alive for supervisor in supervisors)


def test_an_idle_worker_holds_back_no_vacuum(app: Clone) -> None:
    worker, supervisor = app.work(), app.supervise()
    seen: dict[int, set[str | None]] = {worker.pid: set(), supervisor.pid: set()}
    for _ in range(60):
        app.run("select pg_current_xact_id()")
        for row in rows(
            app,
            "select pid, backend_xid, backend_xmin::text as xmin, wait_event from pg_stat_activity"
            " where pid = any(%s)",
            list(seen),
        ):
            if row["wait_event"] == "PgSleep":
                assert row["backend_xid"] is None
                seen[row["pid"]].add(row["xmin"])
        time.sleep(0.05)
    # Each turn is a transaction of its own.
    assert len(seen[worker.pid]) > 5
    assert len(seen[supervisor.pid]) > 1
