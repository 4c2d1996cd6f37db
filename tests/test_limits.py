"""Concurrency, mutexes and rates hold while four workers hammer at them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from harness import Clone
from support_worker import (
    all_ended,
    define,
    ended,
    held,
    prepare,
    run_of,
    start,
    start_many,
    wait_at,
    waiting_at,
)

SPANS = """
create table app.span (task text, began timestamptz, ended timestamptz);
grant insert on app.span to rota_worker;
"""
# What the queue says at the moment of each claim, when the next one could not yet have counted.
CLAIMS = """
create table app.claim (task text, at timestamptz);
create function app.keep_claim() returns trigger language plpgsql security definer as $$
begin insert into app.claim values (new.task, new.claimed_at); return new; end $$;
create trigger keep_claim after update on rota_core.run for each row
when (old.state = 'queued' and new.state = 'running') execute function app.keep_claim();
"""
WORKERS = 4


@pytest.fixture
def app(database: Clone) -> Clone:
    app = prepare(database)
    app.run(SPANS)
    return app


def define_span(app: Clone, task: str, seconds: float = 0.004, **policy: Any) -> None:
    define(
        app, task,
        f"began := clock_timestamp(); perform pg_sleep(random() * {seconds});"
        f" insert into app.span values ('{task}', began, clock_timestamp()); return null;",
        declare="began timestamptz;", **policy,
    )  # fmt: skip


def most_at_once(app: Clone, *tasks: str) -> int:
    """The most handlers of the tasks that were ever at work at the same time."""
    return app.value(
        "select max(c.n) from app.span as s cross join lateral ("
        " select count(*) as n from app.span as o where o.task = any(%s)"
        " and o.began <= s.began and s.began < o.ended) as c where s.task = any(%s)",
        list(tasks), list(tasks),
    )  # fmt: skip


def hammer(app: Clone, lanes: list[str], timeout: float = 120) -> dict[str, int]:
    """Four workers until the queue is empty; the most runs of each task that others saw running."""
    for number in range(WORKERS):
        app.work(lane=lanes[number % len(lanes)], poll="1 ms")
    most: dict[str, int] = {}
    deadline = time.monotonic() + timeout
    with app.connect() as watcher:
        while True:
            found = watcher.execute(
                "select r.task, count(*) filter (where r.state = 'running') from rota_core.run as r"
                " group by 1"
            ).fetchall()
            for task, count in found:
                most[task] = max(most.get(task, 0), count)
            if not found:
                return most
            assert time.monotonic() < deadline
            time.sleep(0.002)


def test_concurrency_holds(app: Clone, long: bool) -> None:
    define_span(app, "two", concurrency=2)
    define_span(app, "three", concurrency=3)
    define_span(app, "free")
    for task in ("two", "three", "free"):
        start_many(app, task, 2000 if long else 400)

    most = hammer(app, ["default"])

    assert most["two"] == 2
    assert most["three"] == 3
    assert most_at_once(app, "two") <= 2
    assert most_at_once(app, "three") <= 3
    assert app.value("select count(*) from app.span") == 3 * (2000 if long else 400)


def test_a_mutex_holds_across_tasks_and_lanes(app: Clone, long: bool) -> None:
    define_span(app, "left", mutex="ledger")
    define_span(app, "right", mutex="ledger", lane="batch", concurrency=3)
    define_span(app, "other", mutex="other")
    for task in ("left", "right", "other"):
        start_many(app, task, 1500 if long else 300)

    most = hammer(app, ["default", "batch"])

    assert most_at_once(app, "left", "right") == 1
    assert most_at_once(app, "other") == 1
    assert set(most.values()) == {1}
    assert app.value("select count(*) from app.span") == 3 * (1500 if long else 300)


def test_a_rate_holds(app: Clone) -> None:
    app.run(CLAIMS)
    rate, runs = 20, 80
    define(app, "quick", "return null;", rate_limit=f"{rate}/second")
    start_many(app, "quick", runs)

    began = time.monotonic()
    hammer(app, ["default"])
    took = time.monotonic() - began

    at = [row[0] for row in app.run("select extract(epoch from at) from app.claim order by at")]
    assert len(at) == runs
    # A bucket of `rate` tokens that fills at `rate` a second. A claim's time is read before it has
    # the lock, hence the slack.
    for first in range(runs):
        for last in range(first, runs):
            passed = float(at[last] - at[first]) + 0.1
            assert last - first + 1 <= rate + rate * passed + 1
    # Nor is it slower than it must be.
    assert took < 3 * (runs - rate) / rate + 5


def test_a_limit_holds_nobody_else_up(app: Clone) -> None:
    define(app, "one", "perform app.pass(1); return null;", concurrency=1)
    define(app, "mutex", "perform app.pass(1); return null;", mutex="m")
    define(app, "other", "return null;", concurrency=1)
    define(app, "free", "return null;")
    with held(app):
        for _ in range(WORKERS):
            app.work()
        stuck = start_many(app, "one", 5) + start_many(app, "mutex", 5)
        wait_at(app, count=2)
        for task in ("other", "free", "other", "free"):
            assert ended(app, start(app, task))["state"] == "succeeded"
        assert len(waiting_at(app)) == 2
        assert sum(run_of(app, i)["state"] == "running" for i in stuck) == 2
    all_ended(app)


def test_a_slot_is_free_again_however_a_run_ends(app: Clone) -> None:
    define(
        app, "one",
        "if input ->> 'how' = 'fail' then raise 'no';"
        " elsif input ->> 'how' = 'die' then perform pg_terminate_backend(pg_backend_pid());"
        " elsif input ->> 'how' = 'sleep' then perform pg_sleep(60); end if; return null;",
        concurrency=1, max_attempts=1, timeout="200 ms",
    )  # fmt: skip
    app.supervise()
    for how, state in (
        ("fail", "failed"),
        ("die", "failed"),
        ("sleep", "failed"),
        ("fine", "succeeded"),
    ):
        worker = app.work()
        assert ended(app, start(app, "one", {"how": how}))["state"] == state
        worker.terminate()
        worker.join()


def test_a_limit_given_later_holds_for_what_is_queued(app: Clone) -> None:
    define_span(app, "late", seconds=0.01)
    start_many(app, "late", 100)
    define_span(app, "late", seconds=0.01, concurrency=1)
    assert hammer(app, ["default"]) == {"late": 1}

    # And a limit that is taken away does not.
    with held(app):
        define(app, "freed", "perform app.pass(1); return null;", concurrency=1)
        start_many(app, "freed", WORKERS)
        wait_at(app)
        define(app, "freed", "perform app.pass(1); return null;")
        wait_at(app, count=WORKERS)
    all_ended(app)


def test_runs_of_a_paused_task_wait(app: Clone) -> None:
    define(app, "quick", "return null;")
    define(app, "other", "return null;")
    app.run("select rota.pause('task', 'quick')")
    run_id = start(app, "quick")
    app.work()
    ended(app, start(app, "other"))
    assert run_of(app, run_id)["state"] == "queued"

    app.run("select rota.resume('task', 'quick')")
    assert ended(app, run_id)["state"] == "succeeded"


def test_nothing_runs_in_a_paused_lane(app: Clone) -> None:
    define(app, "quick", "return null;")
    app.run("select rota.pause('lane', 'default')")
    run_id = start(app, "quick")
    app.work()
    time.sleep(0.5)
    assert run_of(app, run_id)["state"] == "queued"

    app.run("select rota.resume('lane', 'default')")
    assert ended(app, run_id)["state"] == "succeeded"
