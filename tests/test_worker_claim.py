"""What a worker takes from the queue, in which order, and what others see of it meanwhile."""

from __future__ import annotations

import time

import pytest

from harness import Clone
from support_worker import (
    all_ended,
    define,
    effects,
    ended,
    held,
    prepare,
    rows,
    run_of,
    start,
    start_many,
    start_together,
    wait_at,
    work_off,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def executed(app: Clone) -> list[str]:
    """What handlers noted, in the order of their work."""
    return [row[0] for row in app.run("select e.what from app.effect as e order by e.effect_id")]


def test_a_claim_is_committed_before_the_handler_runs(app: Clone) -> None:
    define(app, "slow", "perform app.pass(1); return null;")
    run_id = start(app, "slow")

    with held(app):
        app.work()
        wait_at(app)
        run = run_of(app, run_id)
        assert (run["state"], run["attempt"]) == ("running", 1)
        assert run["worker_id"] is not None

    assert ended(app, run_id)["state"] == "succeeded"


def test_two_workers_never_execute_the_same_run(app: Clone) -> None:
    define(app, "quick", "perform app.note('ran'); return null;")
    start_many(app, "quick", 2000)

    for _ in range(4):
        app.work()
    all_ended(app)

    found = rows(
        app, "select count(*) as n, count(distinct run_id) as runs, count(distinct pid) as workers"
        " from app.effect"
    )  # fmt: skip
    assert found[0]["n"] == found[0]["runs"] == 2000
    assert found[0]["workers"] > 1


def test_a_run_that_was_committed_below_the_floor_is_found(app: Clone) -> None:
    define(app, "quick", "return null;")
    with app.connect(autocommit=False) as late:
        late_id = late.execute("select s.run_id from rota.start('quick') as s").fetchone()[0]

        worker = app.work()
        newer = [start(app, "quick") for _ in range(20)]
        for run_id in newer:
            ended(app, run_id)
        late.commit()

    # No other run comes that could raise or lower the floor.
    assert ended(app, late_id, timeout=10)["state"] == "succeeded"
    assert worker.alive


def test_a_due_time_in_the_past_is_below_the_floor_and_found(app: Clone) -> None:
    define(app, "quick", "return null;")
    app.work()
    ended(app, start(app, "quick"))
    assert ended(app, start(app, "quick", run_at="2020-01-01"), timeout=10)


def test_a_priority_that_the_worker_has_not_seen_is_found(app: Clone) -> None:
    define(app, "quick", "return null;")
    app.work()
    ended(app, start(app, "quick"))
    for priority in (7, -7):
        assert ended(app, start(app, "quick", priority=priority), timeout=10)


def test_higher_priorities_run_first_then_the_longest_due(app: Clone) -> None:
    define(app, "note", "perform app.note(input ->> 'is'); return null;")
    for name, priority, run_at in (
        ("low", -1, "2026-01-01"),
        ("second", 0, "2026-01-02"),
        ("first", 0, "2026-01-01"),
        ("third", 0, "2026-01-03"),
        ("high", 5, "2026-01-09"),
    ):
        start(app, "note", {"is": name}, priority=priority, run_at=run_at)

    work_off(app)

    assert executed(app) == ["high", "first", "second", "third", "low"]


def test_a_limited_task_keeps_to_the_order_of_priorities(app: Clone) -> None:
    define(app, "note", "perform app.note(input ->> 'is'); return null;")
    define(app, "limited", "perform app.note(input ->> 'is'); return null;", concurrency=1)
    start(app, "limited", {"is": "limited low"}, priority=-1, run_at="2026-01-01")
    start(app, "note", {"is": "middle"}, priority=0, run_at="2026-01-02")
    start(app, "limited", {"is": "limited first"}, priority=0, run_at="2026-01-01")
    start(app, "limited", {"is": "limited high"}, priority=3, run_at="2026-01-05")

    work_off(app)

    assert executed(app) == ["limited high", "limited first", "middle", "limited low"]


def test_a_run_is_not_taken_before_its_time(app: Clone) -> None:
    define(app, "quick", "return null;")
    soon = rows(app, "select clock_timestamp() + interval '1 s' as at")[0]["at"]
    run_id = start(app, "quick", run_at=soon)

    app.work()
    assert ended(app, run_id)["started_at"] >= soon


def test_a_worker_takes_its_own_lane_only(app: Clone) -> None:
    define(app, "here", "return null;")
    define(app, "there", "return null;", lane="batch")
    here, there = start(app, "here"), start(app, "there")

    work_off(app)
    assert (run_of(app, here)["state"], run_of(app, there)["state"]) == ("succeeded", "queued")

    work_off(app, lane="batch")
    assert run_of(app, there)["state"] == "succeeded"


def test_a_task_that_is_not_known_yet_is_claimed_alone(app: Clone) -> None:
    define(app, "new", "perform app.pass(1); return null;")
    first, second = start_many(app, "new", 2)

    with held(app):
        app.work()
        wait_at(app)
        assert run_of(app, first)["state"] == "running"
        assert run_of(app, second)["state"] == "queued"


def test_quick_runs_are_claimed_together(app: Clone) -> None:
    define(app, "quick", "if input ? 'wait' then perform app.pass(1); end if; return null;")
    app.work()
    start_many(app, "quick", 100)
    all_ended(app)

    with held(app):
        start_together(app, ("quick", {}), ("quick", {"wait": True}), ("quick", {}), ("quick", {}))
        wait_at(app)
        # The first may be over and committed already, if the machine was slow with it.
        assert app.value("select count(*) from rota_core.run where state = 'running'") >= 3


def test_a_slow_run_goes_alone_and_what_was_done_before_it_is_committed(app: Clone) -> None:
    define(app, "quick", "perform app.note('quick'); return null;")
    define(app, "slow", "perform app.pass(1); perform app.note('slow'); return null;")
    app.work()
    for _ in range(5):
        ended(app, start(app, "quick"))
    with held(app):
        known = start(app, "slow")
        wait_at(app)
        time.sleep(0.3)
    ended(app, known)

    with held(app):
        quick, other, slow, behind = start_together(
            app, ("quick", {}), ("quick", {}), ("slow", {}), ("quick", {})
        )
        wait_at(app)
        # Effects and outcomes of the runs before it are there for everyone.
        for run_id in (quick, other):
            assert run_of(app, run_id)["state"] == "succeeded"
            assert effects(app, run_id) == ["quick"]
        # It keeps nobody, and whoever comes takes what is behind it.
        assert run_of(app, behind)["state"] == "queued"
        app.work()
        assert ended(app, behind)["state"] == "succeeded"
        assert run_of(app, slow)["state"] == "running"
    assert ended(app, slow)["state"] == "succeeded"


def test_one_slow_attempt_makes_the_next_go_alone(app: Clone) -> None:
    define(app, "moody", "if input ? 'wait' then perform app.pass(1); end if; return null;")
    app.work()
    for _ in range(10):
        ended(app, start(app, "moody"))
    with held(app):
        slow = start(app, "moody", {"wait": True})
        wait_at(app)
        time.sleep(0.5)
    ended(app, slow)

    with held(app):
        _, behind = start_together(app, ("moody", {"wait": True}), ("moody", {}))
        wait_at(app)
        assert run_of(app, behind)["state"] == "queued"


def test_a_run_whose_task_was_dropped_meanwhile_is_left_alone(app: Clone) -> None:
    define(app, "gone", "return null;")
    define(app, "quick", "return null;")
    with app.connect(autocommit=False) as open_start:
        statement = "select s.run_id from rota.start('gone') as s"
        run_id = open_start.execute(statement).fetchone()[0]
        app.run("select rota.drop_task('gone')")

    app.work()
    for _ in range(3):
        assert ended(app, start(app, "quick"))["state"] == "succeeded"
    # Not claimed by one who cannot execute it; upkeep ends it.
    assert run_of(app, run_id)["state"] == "queued"
    app.run("select rota_core.tend()")
    assert run_of(app, run_id)["state"] == "cancelled"
