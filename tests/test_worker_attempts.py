"""What an attempt does and costs: effects, failures, retries."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from harness import Clone, wait_until
from support_worker import (
    all_ended,
    attempts_of,
    define,
    effects,
    ended,
    outcomes,
    prepare,
    rows,
    run,
    run_of,
    start,
    start_many,
    work_off,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def test_effects_and_outcome_become_visible_at_once(app: Clone) -> None:
    define(app, "effect", "perform app.note('x'); return '{\"n\": 1}';")
    ids = start_many(app, "effect", 300)
    app.work()

    def seen() -> int:
        # One statement is one snapshot.
        effects, succeeded = app.run(
            "select (select count(*) from app.effect),"
            " (select count(*) from rota_core.finished_run where state = 'succeeded')"
        )[0]
        assert effects == succeeded
        return succeeded

    wait_until(lambda: seen() == len(ids), interval=0.001, what="all runs to end")
    assert run_of(app, ids[7])["output"] == {"n": 1}


def test_a_failed_attempt_leaves_no_effect_and_its_neighbours_do(app: Clone) -> None:
    define(
        app, "odd",
        "perform app.note('x'); if (input ->> 'n')::int % 2 = 1 then raise 'odd'; end if;"
        " return null;",
        max_attempts=1,
    )  # fmt: skip
    ids = start_many(app, "odd", 100)
    work_off(app)

    found = app.run("select run_id, state from rota_core.finished_run order by run_id")
    assert found == [(i, "failed" if n % 2 else "succeeded") for n, i in enumerate(ids, start=1)]
    kept = [row[0] for row in app.run("select run_id from app.effect order by run_id")]
    assert kept == [i for n, i in enumerate(ids, start=1) if n % 2 == 0]


def test_history_keeps_the_whole_error(app: Clone) -> None:
    define(
        app, "sick",
        "raise exception using errcode = 'XX123', message = 'no luck', detail = 'none at all',"
        " hint = 'try again';",
        max_attempts=1,
    )  # fmt: skip
    found = run(app, "sick")

    assert found["state"] == "failed"
    assert found["error"].pop("context").startswith("PL/pgSQL function app.sick(jsonb) line 1")
    assert found["error"] == {
        "sqlstate": "XX123", "message": "no luck", "detail": "none at all", "hint": "try again",
    }  # fmt: skip
    (attempt,) = attempts_of(app, found["run_id"])
    assert (attempt["outcome"], attempt["charged"]) == ("failed", True)
    assert attempt["error"]["sqlstate"] == "XX123"


@pytest.mark.parametrize(
    ("body", "sqlstate"),
    [
        ("assert false, 'impossible';", "P0004"),
        ("raise feature_not_supported;", "0A000"),
        ("commit;", "2D000"),
        ("rollback;", "2D000"),
        ("perform 1 / 0;", "22012"),
        ("perform nothing.here();", "3F000"),
        ("set transaction isolation level serializable;", "25001"),
        ("perform set_config('transaction_read_only', 'on', true);", "25006"),
    ],
)
def test_no_error_of_a_handler_ends_the_worker(app: Clone, body: str, sqlstate: str) -> None:
    define(app, "fine", "return null;")
    define(app, "sick", f"{body} return null;", max_attempts=1)
    before, sick, after = start(app, "fine"), start(app, "sick"), start(app, "fine")

    work_off(app)

    assert run_of(app, sick)["error"]["sqlstate"] == sqlstate
    assert [run_of(app, i)["state"] for i in (before, after)] == ["succeeded"] * 2


def test_a_retry_waits_longer_each_time(app: Clone) -> None:
    define(
        app, "sick", "raise 'no';",
        max_attempts=4, initial_delay="200 ms", backoff_factor=2, max_delay="500 ms",
    )  # fmt: skip
    run_id = start(app, "sick")
    app.work()

    assert ended(app, run_id)["state"] == "failed"
    found = attempts_of(app, run_id)
    assert [row["outcome"] for row in found] == ["failed"] * 4
    waits = [b["started_at"] - a["finished_at"] for a, b in pairwise(found)]
    for wait, least in zip(waits, (0.2, 0.4, 0.5), strict=True):
        assert wait >= timedelta(seconds=least)
    # Nothing takes the time of the queue twice: the capped wait is no multiple of the first.
    assert waits[2] < timedelta(seconds=10)


def test_jitter_spreads_the_retries(app: Clone) -> None:
    define(app, "sick", "raise 'no';", initial_delay="100 s", jitter="0.5", max_attempts=2)
    start_many(app, "sick", 60)
    work_off(app)

    waits = [
        row[0]
        for row in app.run(
            "select extract(epoch from r.run_at - a.finished_at) from rota_core.run as r"
            " join rota_core.attempt as a using (run_id)"
        )
    ]
    assert len(waits) == 60
    assert min(waits) >= 50
    assert max(waits) <= 150
    assert max(waits) - min(waits) > 50


@pytest.mark.parametrize(
    ("retry_on", "attempts"),
    [
        (["sqlstate:40001"], 2),
        (["class:40"], 2),
        (["/^could not .* access/"], 2),
        (["serialize"], 2),
        (["sqlstate:40P01", "class:23", "/^serialize/", "deadlock"], 1),
        ([], 2),
    ],
)
def test_only_errors_in_retry_on_are_retried(
    app: Clone, retry_on: list[str], attempts: int
) -> None:
    define(
        app, "sick",
        "raise exception using errcode = '40001', message = 'could not serialize access';",
        max_attempts=2, initial_delay="0 s", retry_on=retry_on,
    )  # fmt: skip
    found = run(app, "sick")
    assert found["state"] == "failed"
    assert len(attempts_of(app, found["run_id"])) == attempts


def test_a_run_that_failed_twice_may_still_succeed_once(app: Clone) -> None:
    app.run("create sequence app.tries; grant usage on sequence app.tries to rota_worker")
    define(
        app, "moody",
        "perform app.note('x'); if nextval('app.tries') < 3 then raise 'not yet'; end if;"
        " return null;",
        initial_delay="0 s",
    )  # fmt: skip
    found = run(app, "moody")

    assert (found["state"], found["attempt"], found["error"]) == ("succeeded", 3, None)
    assert effects(app, found["run_id"]) == ["x"]
    assert outcomes(app, found["run_id"]) == [
        ("failed", True), ("failed", True), ("succeeded", True),
    ]  # fmt: skip


def test_a_start_that_is_rolled_back_leaves_no_run(app: Clone) -> None:
    define(app, "quick", "return null;")
    app.work()
    with app.connect(autocommit=False) as session:
        session.execute("select rota.start('quick', key => 'k')")
        session.rollback()
    assert rows(app, "select * from rota.runs") == []

    ended(app, start(app, "quick", key="k"))
    all_ended(app)
    assert app.value("select count(*) from rota.runs") == 1


def test_a_handler_starts_others_only_if_it_succeeds(app: Clone) -> None:
    define(app, "quick", "return null;")
    define(
        app, "parent",
        "perform rota.start('quick'); if input ? 'fail' then raise 'no'; end if; return null;",
        max_attempts=1,
    )  # fmt: skip
    run(app, "parent")
    run(app, "parent", {"fail": True})
    assert app.value("select count(*) from rota.runs where task = 'quick'") == 1


def test_call_task_runs_in_the_callers_transaction(app: Clone) -> None:
    app.run("create table app.own (n int)")
    define(app, "own", "insert into app.own values (1); return input;")
    with app.connect(autocommit=False) as session:
        answer = session.execute("select rota.call_task('own', '{\"a\": 1}')").fetchone()[0]
        session.rollback()
    assert answer == {"a": 1}
    assert app.value("select count(*) from app.own") == 0
    assert rows(app, "select * from rota.runs") == []
