"""Chunked tasks: a commit and a checkpoint after each chunk."""

from __future__ import annotations

import time

import pytest

from harness import Clone, wait_until
from support_worker import (
    define,
    effects,
    ended,
    held,
    outcomes,
    prepare,
    run_of,
    start,
    wait_at,
    work_off,
)

# Counts to input.to, one chunk a number, and tells how far it is.
COUNT = """
  n := coalesce((state ->> 'n')::int, 0) + 1;
  perform app.note(n::text);
  {extra}
  if n >= (input ->> 'to')::int then
    return jsonb_build_object('done', true, 'rows', 1, 'counted', n);
  end if;
  return jsonb_build_object('state', jsonb_build_object('n', n), 'rows', 1,
    'progress', jsonb_build_object('done', n, 'total', input -> 'to'));
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def define_count(app: Clone, extra: str = "", **policy: object) -> None:
    body = COUNT.format(extra=extra)
    define(app, "count", body, declare="n int;", kind="chunked", **policy)


def numbers(to: int) -> list[str]:
    return [str(n) for n in range(1, to + 1)]


def test_each_chunk_is_committed_with_its_checkpoint(app: Clone) -> None:
    define_count(app, "if n = 4 then perform app.pass(1); end if;")
    run_id = start(app, "count", {"to": 5})
    with held(app):
        app.work()
        wait_at(app)
        assert effects(app, run_id) == numbers(3)
        run = run_of(app, run_id)
        assert (run["state"], run["progress"], run["rows_done"]) == (
            "running", {"done": 3, "total": 5}, 3,
        )  # fmt: skip
        assert app.value("select checkpoint from rota_core.run") == {"n": 3}

    run = ended(app, run_id)
    assert effects(app, run_id) == numbers(5)
    assert (run["state"], run["rows_done"], run["output"]) == (
        "succeeded", 5, {"rows": 1, "counted": 5},
    )  # fmt: skip
    assert outcomes(app, run_id) == [("succeeded", True)]


@pytest.mark.parametrize(
    "answer",
    ["null", "'[]'", "'{}'", '\'{"done": "yes"}\'', '\'{"state": {}, "rows": "many"}\''],
)
def test_a_wrong_answer_rolls_its_chunk_back(app: Clone, answer: str) -> None:
    define_count(app, f"if n = 3 then return {answer}; end if;", max_attempts=1)
    run_id = start(app, "count", {"to": 5})
    work_off(app)

    run = run_of(app, run_id)
    assert (run["state"], run["error"]["sqlstate"]) == ("failed", "RT005")
    assert effects(app, run_id) == numbers(2)


def test_a_failed_chunk_is_tried_again_from_the_last_checkpoint(app: Clone) -> None:
    app.run("create sequence app.tries; grant usage on sequence app.tries to rota_worker")
    # Each second call fails: more often than max_attempts, but never twice without progress.
    define_count(
        app, "if nextval('app.tries') % 2 = 1 then raise 'odd'; end if;",
        max_attempts=2, initial_delay="0 s",
    )  # fmt: skip
    run_id = start(app, "count", {"to": 5})
    work_off(app)

    assert run_of(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == numbers(5)
    assert outcomes(app, run_id) == [("failed", True)] * 5 + [("succeeded", True)]


def test_a_chunk_that_keeps_failing_fails_the_run(app: Clone) -> None:
    define_count(app, "if n = 3 then raise 'stuck'; end if;", max_attempts=3, initial_delay="0 s")
    run_id = start(app, "count", {"to": 5})
    work_off(app)

    assert run_of(app, run_id)["state"] == "failed"
    assert effects(app, run_id) == numbers(2)
    assert len(outcomes(app, run_id)) == 3

    # A retry goes on where it stopped.
    define_count(app)
    app.run("select rota.retry(%s)", run_id)
    work_off(app)
    assert run_of(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == numbers(5)


def test_at_the_end_of_the_budget_the_next_call_goes_on_with_the_attempt(app: Clone) -> None:
    define_count(app, "perform pg_sleep(0.05);")
    run_id = start(app, "count", {"to": 8})
    for budget in ("60 ms", "120 ms"):
        app.run(f"call rota.work(budget => '{budget}')", user="rota_worker")
        assert run_of(app, run_id)["state"] == "queued"
    done = len(effects(app, run_id))
    assert 2 <= done < 8

    app.work()
    assert ended(app, run_id)["attempt"] == 1
    assert effects(app, run_id) == numbers(8)
    assert outcomes(app, run_id) == [("succeeded", True)]


def test_a_pause_takes_effect_at_the_next_checkpoint(app: Clone) -> None:
    define_count(app, "if n = 2 then perform app.pass(1); end if;")
    run_id = start(app, "count", {"to": 4})
    with held(app):
        worker = app.work()
        wait_at(app)
        app.run("select rota.pause('task', 'count')")
    wait_until(lambda: run_of(app, run_id)["state"] == "queued", what="the run to stand still")
    assert effects(app, run_id) == numbers(2)

    app.run("select rota.resume('task', 'count')")
    assert ended(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == numbers(4)
    assert worker.alive


def test_the_next_call_finds_it_where_the_task_is_defined_now(app: Clone) -> None:
    define_count(app, "if n = 2 then perform app.pass(1); end if;")
    run_id = start(app, "count", {"to": 4})
    with held(app):
        worker = app.work(budget="100 ms")
        wait_at(app)
        time.sleep(0.2)
        define_count(app, lane="batch", concurrency=1)
    assert worker.join() is None
    assert run_of(app, run_id)["state"] == "queued"

    app.work(lane="batch")
    assert ended(app, run_id)["state"] == "succeeded"
    assert effects(app, run_id) == numbers(4)


def test_what_others_need_goes_between_two_chunks_of_another_worker(app: Clone) -> None:
    define_count(app, "if n = 2 then perform app.pass(1); end if;")
    define(app, "quick", "return null;")
    run_id = start(app, "count", {"to": 4})
    with held(app):
        app.work()
        wait_at(app)
        app.work()
        assert ended(app, start(app, "quick"))["state"] == "succeeded"
    assert ended(app, run_id)["state"] == "succeeded"
