"""Pipelines: what two sessions do to one run at the same time, each order of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from harness import Clone, wait_until
from support_race import BEGIN, CLAIM, STATES, TASKS, claim, record, start, waiting


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


@pytest.fixture
def one(app: Clone) -> Iterator[psycopg.Connection[Any]]:
    with app.connect(autocommit=False) as connection:
        yield connection


def test_of_two_workers_that_finish_the_last_dependencies_one_promotes(
    app: Clone, one: psycopg.Connection[Any]
) -> None:
    run_id = start(app, "join")
    claim(app, "a")
    claim(app, "b")
    one.execute(record("a"))
    with waiting(app, record("b")):
        one.commit()
    assert app.value("select count(*) from rota_core.run where step = 'c'") == 1
    assert dict(app.run(STATES, run_id)) == {"a": "succeeded", "b": "succeeded", "c": "started"}


@pytest.mark.parametrize("first", ["cancel", "outcome"])
def test_a_cancel_and_an_outcome(app: Clone, one: psycopg.Connection[Any], first: str) -> None:
    run_id = start(app, "join")
    claim(app, "a")
    claim(app, "b")
    app.run(record("a"))
    cancel = f"select rota.cancel({run_id})"
    one.execute(cancel if first == "cancel" else record("b"))
    with waiting(app, record("b") if first == "cancel" else cancel):
        one.commit()
    # Whichever came first, what was running has its outcome, and nothing starts after a cancel.
    assert app.value("select state from rota.runs where run_id = %s", run_id) == "cancelled"
    assert dict(app.run(STATES, run_id)) == {"a": "succeeded", "b": "succeeded", "c": "cancelled"}
    assert app.value("select count(*) from rota_core.run") == 0


def test_a_cancel_and_a_claim(app: Clone, one: psycopg.Connection[Any]) -> None:
    run_id = start(app, "join")
    one.execute(CLAIM, ["a"])
    assert app.value("select rota.cancel(%s)", run_id) == "cancelling"
    one.commit()
    # The run that was just being claimed was passed over. The supervisor asks again.
    assert app.value("select stop_reason from rota_core.run where step = 'a'") is None
    app.run("select rota_core.drive_pipelines()")
    assert app.value("select stop_reason from rota_core.run where step = 'a'") == "cancel"
    assert dict(app.run(STATES, run_id)) == {"a": "started", "b": "cancelled", "c": "cancelled"}


def test_a_cancel_and_the_begin_of_the_run(app: Clone, one: psycopg.Connection[Any]) -> None:
    run_id = start(app, "join", begins=False)
    one.execute(BEGIN)
    with waiting(app, f"select rota.cancel({run_id})"):
        one.commit()
    app.run("select rota_core.drive_pipelines()")
    assert app.value("select state from rota.runs where run_id = %s", run_id) == "cancelled"
    assert app.value("select count(*) from rota_core.run") == 0


def test_a_cancel_before_the_begin_of_the_run(app: Clone, one: psycopg.Connection[Any]) -> None:
    run_id = start(app, "join", begins=False)
    one.execute("select rota.cancel(%s)", [run_id])
    with waiting(app, BEGIN):
        one.commit()
    app.run("select rota_core.drive_pipelines()")
    assert app.value("select state from rota.runs where run_id = %s", run_id) == "cancelled"


@pytest.mark.parametrize("first", ["signal", "outcome"])
def test_a_signal_and_the_step_that_becomes_ready_for_it(
    app: Clone, one: psycopg.Connection[Any], first: str
) -> None:
    run_id = start(app, "gate")
    claim(app, "a")
    signal = f"select rota.signal({run_id}, 'go')"
    one.execute(signal if first == "signal" else record("a"))
    with waiting(app, record("a") if first == "signal" else signal):
        one.commit()
    assert dict(app.run(STATES, run_id)) == {"a": "succeeded", "g": "succeeded", "z": "started"}


def test_a_signal_and_the_begin_of_the_run(app: Clone, one: psycopg.Connection[Any]) -> None:
    app.run(
        "select rota.define_pipeline('gate', array[rota.step('g', wait_for => 'go'),"
        " rota.step('z', 'echo', '{g}')])"
    )
    run_id = start(app, "gate", begins=False)
    one.execute(BEGIN)
    # Neither sees the other: the run is not there yet, nor is the signal.
    assert app.value("select rota.signal(%s, 'go')", run_id)
    one.commit()
    assert dict(app.run(STATES, run_id)) == {"g": "blocked", "z": "waiting"}
    app.run("select rota_core.drive_pipelines()")
    assert dict(app.run(STATES, run_id)) == {"g": "succeeded", "z": "started"}


def test_two_retries_are_one(app: Clone, one: psycopg.Connection[Any]) -> None:
    run_id = start(app, "join")
    app.run("select rota.cancel(%s)", run_id)
    one.execute("select rota.retry(%s)", [run_id])
    with waiting(app, f"select rota.retry({run_id})"):
        one.commit()
    assert app.run("select step, state from rota_core.run where step is not null order by 1") == [
        ("a", "queued"), ("b", "queued"),
    ]  # fmt: skip


def test_a_skip_and_an_outcome(app: Clone, one: psycopg.Connection[Any]) -> None:
    run_id = start(app, "join")
    claim(app, "a")
    one.execute(record("a"))
    with waiting(app, f"select rota.skip_step({run_id}, 'a')", refused="RT001"):
        one.commit()
    assert dict(app.run(STATES, run_id))["a"] == "succeeded"


def test_elements_that_a_failing_run_leaves_undone_are_done_by_its_retry(app: Clone) -> None:
    app.run(
        "select rota.define_task('bad', 'app.echo', max_attempts => 1),"
        " rota.define_pipeline('map', array[rota.step('m', 'echo', for_each => 'run.list',"
        "  max_parallel => 1, on_failure => 'continue'), rota.step('b', 'bad')])"
    )
    run_id = start(app, "map", '{"list": [1, 2, 3]}')
    claim(app, "m")
    claim(app, "b")
    app.run(
        "select rota_core.record_outcomes(1, array[row(r.run_id, r.task, r.attempt, null,"
        " '{\"message\": \"no\"}', now(), now())::rota_core.outcome], true, '{}')"
        " from rota_core.run as r where r.step = 'b'"
    )
    app.run(record("m"))
    assert app.value("select state from rota.runs where run_id = %s", run_id) == "failed"
    assert dict(app.run(STATES, run_id)) == {"b": "failed", "m": "cancelled"}

    app.run("select rota.retry(%s)", run_id)
    for _ in range(2):
        claim(app, "m")
        app.run(record("m"))
    claim(app, "b")
    app.run(record("b"))
    assert app.value("select output from rota.runs where run_id = %s", run_id) == {
        "m": [1, 1, 1], "b": 1,
    }  # fmt: skip


def test_the_supervisor_waits_for_nobody(app: Clone, one: psycopg.Connection[Any]) -> None:
    app.run(
        "select rota.define_pipeline('brief', array[rota.step('g', wait_for => 'go',"
        " timeout => '1 ms')])"
    )
    held, free = start(app, "brief"), start(app, "brief")
    one.execute("select from rota_core.pipeline_run where run_id = %s for update", [held])
    with app.connect() as supervisor:
        supervisor.execute("set statement_timeout = '5 s'")
        supervisor.execute("select rota_core.drive_pipelines()")
    assert dict(app.run(STATES, free)) == {"g": "failed"}
    assert dict(app.run(STATES, held)) == {"g": "blocked"}
    one.commit()
    app.run("select rota_core.drive_pipelines()")
    assert app.value("select state from rota.runs where run_id = %s", held) == "failed"


def test_many_workers_on_nested_pipelines_never_wait_for_each_other(app: Clone) -> None:
    app.run(
        "select rota.define_pipeline('leaf', array[rota.step('x', 'nap'), rota.step('y', 'nap'),"
        " rota.step('z', 'nap', '{x,y}')])"
    )
    app.run(
        "select rota.define_pipeline('middle', array["
        "rota.step('l', 'leaf'), rota.step('m', 'leaf'),"
        " rota.step('n', 'nap', '{l}'), rota.step('o', 'leaf', '{m,n}')])"
    )
    app.run(
        "select rota.define_pipeline('top', array[rota.step('p', 'middle'), rota.step('q', 'nap'),"
        " rota.step('r', 'middle', '{q}'), rota.step('s', 'nap', '{p,r}')])"
    )
    app.run("delete from rota_core.worker")
    app.run("select count(*) from rota.start_many('top', array_fill('{}'::jsonb, array[25]))")
    workers = [app.work() for _ in range(5)]
    app.supervise()
    cancels = app.run("select run_id from rota.runs where task = 'top' and run_id % 5 = 0")
    for (run_id,) in cancels:
        time.sleep(0.05)
        app.run("select rota.cancel(%s)", run_id)
    wait_until(
        lambda: not app.run("select 1 from rota_core.run"), timeout=60, what="all runs to end"
    )
    assert [worker.error for worker in workers if not worker.alive] == []
    assert app.value(
        "select deadlocks from pg_stat_database where datname = current_database()"
    ) == 0  # fmt: skip
    assert app.value(
        "select count(*) from rota.runs where task = 'top' and state = 'succeeded'"
    ) >= 25 - len(cancels)  # fmt: skip
