"""Pipelines: what becomes of runs that were cut short or have ended, step by step."""

from __future__ import annotations

import psycopg
import pytest

from harness import Clone
from support_race import BEGIN, TASKS, claim, record, start

FAIL = """
select rota_core.record_outcomes(1, array_agg(row(r.run_id, r.task, r.attempt, null,
  '{"message": "no"}'::jsonb, now(), now())::rota_core.outcome), true, '{}')
from rota_core.run as r where r.step = %s
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


def test_a_step_that_waits_for_its_next_attempt_has_begun_and_is_compensated(app: Clone) -> None:
    app.run(
        "select rota.define_pipeline('p', array[rota.step('a', 'echo', compensate => 'nap'),"
        " rota.step('b', 'echo', compensate => 'nap')])"
    )
    run_id = start(app, "p")
    claim(app, "a")
    app.run(FAIL, "a")
    assert app.run("select step, state, attempt from rota_core.run where step is not null") == [
        ("b", "queued", 0), ("a", "queued", 1),
    ]  # fmt: skip
    assert app.value("select rota.cancel(%s)", run_id) == "cancelling"
    assert app.run("select step from rota.runs where origin = 'compensation:p'") == [("a",)]


def test_what_the_views_of_a_step_hide_stays_hidden_without_its_task(app: Clone) -> None:
    app.run(
        "select rota.define_task('login', 'app.echo', max_attempts => 1,"
        ' doc => \'{"redact": ["output.token", "error.message"]}\')'
    )
    app.run(
        "select rota.define_pipeline('p', array[rota.step('a', 'login'),"
        " rota.step('b', 'login', '{a}')])"
    )
    run_id = start(app, "p")
    claim(app, "a")
    app.run(record("a").replace("'1'", '\'{"token": "s3cret"}\''))
    claim(app, "b")
    app.run(FAIL, "b")
    query = "select step, state, output, error from rota.pipeline_steps order by step"
    before = app.run(query)
    assert [row[2] for row in before] == [{"token": "[redacted]"}, None]

    app.run("select rota.define_pipeline('p', array[rota.step('a', 'echo')])")
    app.run("select rota.drop_task('login')")
    assert app.run(query) == before
    # What comes after it cannot go on with what is left.
    with pytest.raises(psycopg.Error, match=f"run {run_id} is erased and cannot be retried"):
        app.run("select rota.retry(%s)", run_id)


def test_an_ended_run_that_is_a_step_goes_on_with_its_pipeline_alone(app: Clone) -> None:
    app.run(
        "select rota.define_task('echo', 'app.echo', max_attempts => 1),"
        " rota.define_pipeline('inner', array[rota.step('a', 'echo'), rota.step('b', 'echo')]),"
        " rota.define_pipeline('outer', array[rota.step('x', 'inner')])"
    )
    outer = start(app, "outer")
    claim(app, "x")
    app.run(BEGIN.replace("r.step is null", "r.step = 'x'"))
    inner = app.value("select run_id from rota_core.run where step = 'x'")
    claim(app, "a")
    app.run(FAIL, "a")
    assert app.run("select distinct state from rota.runs where step is null or step = 'x'") == [
        ("failed",)
    ]
    with pytest.raises(psycopg.Error, match=f"run {inner} is step x of run {outer}"):
        app.run("select rota.skip_step(%s, 'a')", inner)
    assert app.value("select rota.retry(%s)", outer) == "running"
    assert app.value("select count(*) from rota_core.run where step = 'x'") == 1
