"""Pipelines: who holds what while others define, retry and look after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from harness import Clone
from support_race import BEGIN, CLAIM, STATES, TASKS, claim, record, start, waiting

OUTER = """
select rota.define_pipeline('outer', array[rota.step('x', 'inner'), rota.step('y', 'echo', '{x}')])
"""
INNER = """
select rota.define_pipeline('inner', array[
  rota.step('a', 'echo', when_path => '$.run'), rota.step('b', 'echo', '{a}')])
"""

OTHER_WORKER = """
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value values (2, 'worker', 'default', 1, 'rota_worker', now(), now())
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    database.run(INNER)
    database.run(OUTER)
    return database


@pytest.fixture
def one(app: Clone) -> Iterator[psycopg.Connection[Any]]:
    with app.connect(autocommit=False) as connection:
        yield connection


def begin_inner(app: Clone) -> int:
    """The run of step x, which has begun."""
    claim(app, "x")
    app.run(BEGIN.replace("r.step is null", "r.step = 'x'"))
    return app.value("select run_id from rota_core.run where step = 'x'")


def test_a_retry_takes_the_inner_run_before_the_outer_one(
    app: Clone, one: psycopg.Connection[Any]
) -> None:
    outer = start(app, "outer")
    inner = begin_inner(app)
    app.run("select rota.cancel(%s)", outer)
    app.run("select rota_core.drive_pipelines()")
    assert app.value("select count(*) from rota_core.run") == 0
    # Both wait for the outer run, the retry first; the cancel has the inner one meanwhile.
    one.execute("select from rota_core.pipeline_run where run_id = %s for update", [outer])
    with (
        waiting(app, f"select rota.retry({outer})"),
        waiting(app, f"select rota.cancel({inner})"),
    ):
        one.commit()
    # Neither is a deadlock. The cancel comes second, and ends what was just taken up again.
    assert app.value("select state from rota.runs where run_id = %s", outer) == "failed"


def test_a_definition_stays_while_a_run_begins_with_it(
    app: Clone, one: psycopg.Connection[Any]
) -> None:
    outer = start(app, "outer")
    claim(app, "x")
    one.execute("select from rota_core.pipeline_run where run_id = %s for update", [outer])
    with waiting(app, BEGIN.replace("r.step is null", "r.step = 'x'")):
        app.run(INNER.replace("when_path => '$.run'", "on_failure => 'skip'"))
        app.run("select rota_core.tend_pipelines()")
        one.commit()
    claim(app, "a")
    app.run(record("a"))
    inner = app.value("select run_id from rota_core.pipeline_run where pipeline = 'inner'")
    assert dict(app.run(STATES, inner)) == {"a": "succeeded", "b": "started"}


DEFINED = {
    "task": "select rota.define_task('n', 'app.echo')",
    "pipeline": "select rota.define_pipeline('n',"
    " array[rota.step('a', 'nap', compensate => 'gate')])",
}


@pytest.mark.parametrize("drop", ["rota.drop_task('nap')", "rota.drop_pipeline('gate')"])
def test_a_task_is_not_dropped_while_a_pipeline_comes_to_use_it(
    app: Clone, one: psycopg.Connection[Any], drop: str
) -> None:
    one.execute(DEFINED["pipeline"])
    with waiting(app, f"select {drop}", refused="RT002"):
        one.commit()


@pytest.mark.parametrize("drop", ["rota.drop_task('nap')", "rota.drop_pipeline('gate')"])
def test_a_pipeline_does_not_come_to_use_a_task_that_is_being_dropped(
    app: Clone, one: psycopg.Connection[Any], drop: str
) -> None:
    one.execute(f"select {drop}")
    with waiting(app, DEFINED["pipeline"], refused="42704"):
        one.commit()


@pytest.mark.parametrize("first, second", [("task", "pipeline"), ("pipeline", "task")])
def test_a_name_is_taken_once(
    app: Clone, one: psycopg.Connection[Any], first: str, second: str
) -> None:
    one.execute(DEFINED[first])
    with waiting(app, DEFINED[second], refused="42710"):
        one.commit()
    assert app.value("select count(*) from rota_core.pipeline where pipeline = 'n'") == (
        first == "pipeline"
    )


@pytest.mark.parametrize("duty", ["expire_external", "recover_workers"])
def test_the_supervisor_passes_over_a_run_whose_pipeline_is_held(
    app: Clone, one: psycopg.Connection[Any], duty: str
) -> None:
    app.run(
        "select rota.define_task('far', null, kind => 'external', timeout => '1 s',"
        " max_attempts => 1), rota.define_pipeline('p', array[rota.step('a', 'far')])"
    )
    held, free = start(app, "p"), start(app, "p")
    app.run(OTHER_WORKER)
    app.run(CLAIM, "a")
    app.run(
        "update rota_core.run set counted_as = task, claimed_at = now() - interval '1 h',"
        " alone = true, worker_id = case parent_run_id when %s then 1 else 2 end"
        " where step = 'a'", held,
    )  # fmt: skip
    one.execute("select from rota_core.pipeline_run where run_id = %s for update", [held])
    states = "select run_id, state from rota.runs where step is null order by run_id"
    with app.connect() as supervisor:
        supervisor.execute("set statement_timeout = '5 s'")
        supervisor.execute(f"select rota_core.{duty}()")
        assert app.run(states) == [(held, "running"), (free, "failed")]
        one.commit()
        supervisor.execute(f"select rota_core.{duty}()")
    assert app.run(states) == [(held, "failed"), (free, "failed")]
