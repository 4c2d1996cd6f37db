"""A worker that was declared lost cannot commit."""

from __future__ import annotations

import pytest

from harness import Clone
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
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def worker_of(app: Clone, run_id: int) -> int:
    return run_of(app, run_id)["worker_id"]


def lose(app: Clone, worker_id: int) -> None:
    app.run("select rota_core.lose_worker(%s)", worker_id)


@pytest.mark.parametrize("then", ["return null;", "raise 'failed';"])
def test_a_worker_that_was_declared_lost_cannot_commit(app: Clone, then: str) -> None:
    define(app, "slow", f"perform app.note('x'); perform app.pass(1); {then}", initial_delay="0 s")
    run_id = start(app, "slow")
    with held(app):
        worker = app.work()
        wait_at(app)
        lose(app, worker_of(app, run_id))
        assert run_of(app, run_id)["state"] == "queued"

    error = worker.join()
    assert error is not None
    assert error.sqlstate == "RT003"
    assert effects(app, run_id) == []
    # It was alone with the worker, so that loss counts; nothing else does.
    assert outcomes(app, run_id) == [("lost", True)]


def test_it_cannot_commit_when_another_worker_has_its_run(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform app.pass(1); return null;")
    run_id = start(app, "slow")
    with held(app):
        first = app.work()
        wait_at(app)
        lose(app, worker_of(app, run_id))
        app.run("update rota_core.run set run_at = now()")
        app.work()
        wait_at(app, count=2)

    assert ended(app, run_id)["state"] == "succeeded"
    assert first.join().sqlstate == "RT003"
    assert effects(app, run_id) == ["x"]


def test_it_cannot_commit_when_it_was_given_its_own_run_again(app: Clone) -> None:
    define(app, "slow", "perform app.note('x'); perform app.pass(1); return null;")
    run_id = start(app, "slow")
    with held(app):
        worker = app.work()
        wait_at(app)
        app.run("update rota_core.run set attempt = attempt + 1")

    assert worker.join().sqlstate == "RT003"
    assert effects(app, run_id) == []


def test_a_chunk_of_a_lost_worker_is_not_committed(app: Clone) -> None:
    body = "perform app.note('x'); perform app.pass(1); return '{\"state\": {}}';"
    define(app, "chunks", body, kind="chunked")
    run_id = start(app, "chunks")
    with held(app):
        worker = app.work()
        wait_at(app)
        lose(app, worker_of(app, run_id))

    assert worker.join().sqlstate == "RT003"
    assert effects(app, run_id) == []


def test_what_a_lost_worker_did_before_in_its_batch_is_undone_too(app: Clone) -> None:
    define(app, "quick", "perform app.note('x'); perform app.pass(1); return null;")
    worker = app.work()
    for _ in range(3):
        ended(app, start(app, "quick"))
    with held(app, 2):
        define(
            app, "quick",
            "perform app.note('x'); if input ? 'wait' then perform app.pass(2); end if;"
            " return null;",
        )  # fmt: skip
        with app.connect(autocommit=False) as session:
            statement = "select s.run_id from rota.start('quick', %s) as s"
            ids = [session.execute(statement, [i]).fetchone()[0] for i in ("{}", '{"wait": 1}')]
            session.commit()
        wait_at(app, 2)
        assert [run_of(app, i)["state"] for i in ids] == ["running"] * 2
        lose(app, worker_of(app, ids[0]))

    assert worker.join().sqlstate == "RT003"
    assert [effects(app, i) for i in ids] == [[], []]
    # They were together: neither is blamed, and the next worker takes them one by one.
    assert [outcomes(app, i) for i in ids] == [[("lost", False)]] * 2
    app.work()
    assert [ended(app, i)["state"] for i in ids] == ["succeeded"] * 2
    assert [effects(app, i) for i in ids] == [["x"]] * 2


def test_an_idle_worker_that_was_declared_lost_ends(app: Clone) -> None:
    define(app, "quick", "return null;")
    worker = app.work()
    worker_id = ended(app, start(app, "quick"))["worker_id"]
    lose(app, worker_id)
    run_id = start(app, "quick")

    assert worker.join().sqlstate == "RT003"
    assert run_of(app, run_id)["state"] == "queued"
