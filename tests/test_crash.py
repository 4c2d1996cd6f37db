"""Workers, backends and servers that die at chosen points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import psycopg
import pytest

from harness import Clone, Worker, wait_until
from pgrota.server import Server
from support_crash import (
    Crew,
    assert_exactly_once,
    assert_only_the_lonely_are_charged,
    kill,
    stop_at_once,
    survives,
    terminate,
    trap,
)
from support_worker import (
    all_ended,
    define,
    effects,
    ended,
    held,
    outcomes,
    prepare,
    run_of,
    start,
    start_many,
    start_together,
    wait_at,
)

QUICK = "perform app.note('1'); return null;"
CHUNKS = """
  n := coalesce((state ->> 'n')::int, 0) + 1;
  perform app.note(n::text);
  {pause}
  return jsonb_build_object('state', jsonb_build_object('n', n), 'done',
    n >= (input ->> 'chunks')::int);
"""
# Where the worker stands when it is killed: what is started, and what makes it wait there.
POINTS = {
    "in a claim": ("quick", "before update on rota_core.run"),
    "between claim and handler": ("quick", "has_deferred_constraints"),
    "in a handler": ("waits", ""),
    "between handler and bookkeeping": ("logs", "before insert on rota_core.log"),
    "in bookkeeping": ("quick", "before delete on rota_core.run"),
    "before the commit": ("quick", "after insert on rota_core.finished_run"),
    "in bookkeeping of a failure": ("fails", "before insert on rota_core.attempt"),
    "in a chunk": ("chunks", ""),
    "at a checkpoint": ("checks", "before update of checkpoint on rota_core.run"),
}
MAIN = ["between claim and handler", "in a handler", "before the commit", "at a checkpoint"]


@contextmanager
def stop_at(app: Clone, place: str) -> Iterator[None]:
    """Make workers pass gate 1 at a place, if it is one; gone at the end."""
    if place == "has_deferred_constraints":
        definition = "select pg_get_functiondef('rota_core.has_deferred_constraints'::regproc)"
        before = app.value(definition)
        app.run(
            "create or replace function rota_core.has_deferred_constraints() returns boolean"
            " language plpgsql stable as $$ begin perform app.pass(1); return false; end $$"
        )
        yield
        app.run(before)
    else:
        with trap(app, place) if place else nullcontext():
            yield


def define_tasks(app: Clone) -> None:
    app.run("create sequence app.tries; grant usage on sequence app.tries to public")
    define(app, "quick", QUICK, initial_delay="0 s")
    define(app, "waits", f"perform app.pass(1); {QUICK}", initial_delay="0 s")
    define(app, "logs", f"perform rota.log('info', 'here'); {QUICK}", initial_delay="0 s")
    # A sequence does not roll back: fails once.
    fails = f"if nextval('app.tries') = 1 then raise 'once'; end if; {QUICK}"
    define(app, "fails", fails, initial_delay="0 s")
    for task, pause in (("chunks", "if n = 3 then perform app.pass(1); end if;"), ("checks", "")):
        body = CHUNKS.format(pause=pause)
        define(app, task, body, declare="n int;", kind="chunked", initial_delay="0 s")


@pytest.mark.parametrize("how", [terminate, kill, stop_at_once])
def test_effects_happen_once_wherever_a_worker_dies(
    crash_database: Clone, how: Callable[[Server, Worker], None], long: bool
) -> None:
    app = prepare(crash_database)
    define_tasks(app)
    points = list(POINTS) if long or how is terminate else MAIN
    for number, point in enumerate(points, start=1):
        task, place = POINTS[point]
        chunked = task in ("chunks", "checks")
        with stop_at(app, place):
            with held(app):
                ids = start_together(app, (task, {"chunks": 4} if chunked else {}), ("quick", {}))
                worker = app.work()
                wait_at(app)
                how(app.server, worker)
                worker.join()
                app.server.wait_ready()
            with Crew(app, workers=1):
                for run_id in ids:
                    assert ended(app, run_id)["state"] == "succeeded", point
        assert_exactly_once(app, 2 * number)
        # Dead before its claim was committed, it was no attempt.
        lost = app.value(
            "select count(*) from rota_core.attempt where outcome = 'lost' and run_id = any(%s)",
            ids,
        )
        assert lost == (0 if point == "in a claim" else 1), point
    assert_only_the_lonely_are_charged(app)


def train(app: Clone, task: str) -> Worker:
    """A worker that knows that a task is quick, and so claims its runs together."""
    worker = app.work()
    start_many(app, task, 20)
    all_ended(app)
    app.run("truncate app.effect")
    app.run("delete from rota_core.finished_run")
    return worker


@pytest.mark.parametrize("how", [terminate, kill, stop_at_once])
def test_those_claimed_together_are_suspect_and_not_charged(
    crash_database: Clone, how: Callable[[Server, Worker], None]
) -> None:
    app = prepare(crash_database)
    define(
        app, "mixed",
        "perform app.note('1'); if input ? 'wait' then perform app.pass(1); end if; return null;",
    )  # fmt: skip
    with held(app):
        worker = train(app, "mixed")
        ids = start_together(
            app, ("mixed", {}), ("mixed", {}), ("mixed", {"wait": True}), ("mixed", {})
        )
        wait_at(app)
        how(app.server, worker)
        worker.join()
        app.server.wait_ready()

    with Crew(app, workers=2):
        for run_id in ids:
            assert ended(app, run_id)["state"] == "succeeded"
    assert_exactly_once(app, len(ids))
    for run_id in ids:
        assert outcomes(app, run_id) == [("lost", False), ("succeeded", True)]


def test_a_handler_that_ends_its_backend_fails_and_its_neighbours_do_not_pay(
    database: Clone,
) -> None:
    app = prepare(database)
    define(
        app, "mixed",
        "perform app.note('1');"
        " if input ? 'die' then perform pg_terminate_backend(pg_backend_pid()); end if;"
        " return null;",
        max_attempts=3, initial_delay="0 s",
    )  # fmt: skip
    train(app, "mixed")
    good, bad, other = start_together(app, ("mixed", {}), ("mixed", {"die": True}), ("mixed", {}))
    with Crew(app, workers=1):
        assert ended(app, bad)["state"] == "failed"
        assert [ended(app, i)["state"] for i in (good, other)] == ["succeeded"] * 2

    assert outcomes(app, bad) == [("lost", False)] + [("lost", True)] * 3
    assert [effects(app, i) for i in (good, bad, other)] == [["1"], [], ["1"]]
    for run_id in (good, other):
        assert outcomes(app, run_id) == [("lost", False), ("succeeded", True)]


def test_a_handler_that_crashes_the_server_each_time_fails(crash_database: Clone) -> None:
    app = prepare(crash_database)
    define(
        app, "mixed",
        "perform app.note('1'); if input ? 'die' then perform pg_sleep(60); end if; return null;",
        max_attempts=2, initial_delay="0 s",
    )  # fmt: skip
    train(app, "mixed")
    good, bad, other = start_together(app, ("mixed", {}), ("mixed", {"die": True}), ("mixed", {}))

    def in_it() -> int | None:
        statement = (
            f"select pid from pg_stat_activity where application_name like 'rota run {bad} %'"
        )
        found = survives(app, statement)
        return found[0][0] if found else None

    with Crew(app, workers=2):
        for _ in range(3):
            pid = wait_until(in_it, 30, what="the bad run to begin")
            app.server.kill_backend(pid, 9)
            wait_until(lambda pid=pid: in_it() != pid, 30, what="the crash")
        wait_until(
            lambda: survives(app, "select count(*) from rota_core.run") == [(0,)], 30,
            what="the queue to be empty",
        )  # fmt: skip

    assert run_of(app, bad)["state"] == "failed"
    assert outcomes(app, bad) == [("lost", False), ("lost", True), ("lost", True)]
    assert [effects(app, i) for i in (good, bad, other)] == [["1"], [], ["1"]]
    for run_id in (good, other):
        assert outcomes(app, run_id)[-1] == ("succeeded", True)
        assert not any(charged for outcome, charged in outcomes(app, run_id) if outcome == "lost")


def test_a_supervisor_that_dies_is_missed_by_nobody(database: Clone) -> None:
    app = prepare(database)
    define(app, "slow", "perform pg_sleep(60); return null;", timeout="100 ms", max_attempts=1)
    first, second = app.supervise(), app.supervise()
    first.terminate()
    assert isinstance(first.join(), psycopg.errors.AdminShutdown)
    app.work()
    assert ended(app, start(app, "slow"))["state"] == "failed"
    assert second.alive
