"""Workers, backends and servers that die at random moments."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from harness import Clone, wait_until
from pgrota.server import ServerError
from support_crash import Crew, assert_exactly_once, assert_only_the_lonely_are_charged, survives
from support_worker import define, prepare

# Thousands of deaths take their time.
pytestmark = pytest.mark.timeout(1800)
QUICK = "perform app.note('1'); return null;"
MOODY = "if random() < 0.1 then raise 'bad luck'; end if;" + QUICK
SLOW = "perform pg_sleep(random() * 0.02);" + QUICK
CHUNKS = """
  n := coalesce((state ->> 'n')::int, 0) + 1;
  perform app.note(n::text);
  perform pg_sleep(random() * 0.004);
  return jsonb_build_object('state', jsonb_build_object('n', n), 'done',
    n >= (input ->> 'chunks')::int);
"""
# Batches of quick runs, failures, slow ones that go alone, limited ones, and chunks.
START = """
select count(*) from (
  select rota.start_many('quick', array_fill('{}'::jsonb, array[12])) union all
  select rota.start_many('moody', array_fill('{}'::jsonb, array[4])) union all
  select rota.start_many('slow', array_fill('{}'::jsonb, array[1])) union all
  select rota.start_many('one', array_fill('{}'::jsonb, array[2])) union all
  select rota.start_many('chunks', array_fill('{"chunks": 6}'::jsonb, array[1]))
) as s
"""
LEAST = 40


@pytest.fixture
def app(crash_database: Clone) -> Clone:
    app = prepare(crash_database)
    # What dies alone is charged, rightly; here that must not end anything.
    policy = {"max_attempts": 1000, "initial_delay": "0 s", "max_delay": "0 s"}
    define(app, "quick", QUICK, **policy)
    define(app, "moody", MOODY, **policy)
    define(app, "slow", SLOW, **policy)
    define(app, "one", QUICK, concurrency=1, **policy)
    define(app, "chunks", CHUNKS, declare="n int;", kind="chunked", **policy)
    return app


def crash(
    app: Clone, deaths: int, pause: float, die: Callable[[Crew, random.Random], None],
    expected: str | None = None,
) -> None:  # fmt: skip
    """Let it die again and again while there is always something to do, and look at the end."""
    draw = random.Random(deaths)
    with Crew(app, workers=2, expected=expected) as crew:
        for _ in range(deaths):
            if survives(app, "select count(*) from rota_core.run")[0][0] < LEAST:
                survives(app, START)
            time.sleep(draw.random() * pause)
            die(crew, draw)
        wait_until(
            lambda: survives(app, "select count(*) from rota_core.run") == [(0,)],
            timeout=120, interval=0.1, what="the queue to be empty",
        )  # fmt: skip
    assert_exactly_once(app, app.value("select count(*) from rota.runs"))
    assert_only_the_lonely_are_charged(app)


def one_of(crew: Crew, draw: random.Random) -> int | None:
    workers = crew.workers
    return draw.choice(workers).pid if workers else None


def test_workers_that_are_terminated(app: Clone, long: bool) -> None:
    with app.connect() as killer:

        def die(crew: Crew, draw: random.Random) -> None:
            pid = one_of(crew, draw)
            if pid is not None:
                killer.execute("select pg_terminate_backend(%s)", [pid])

        crash(app, 3000 if long else 300, 0.06, die)
    lost = app.value("select count(*) from rota_core.worker where outcome = 'lost'")
    assert lost > 100


def test_supervisors_that_are_terminated_too(app: Clone, long: bool) -> None:
    with app.connect() as killer:

        def die(crew: Crew, draw: random.Random) -> None:
            killer.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where usename = 'rota_worker'"
            )

        crash(app, 500 if long else 40, 0.1, die)


def test_backends_that_are_killed(app: Clone, long: bool) -> None:
    def die(crew: Crew, draw: random.Random) -> None:
        pid = one_of(crew, draw)
        if pid is None:
            return
        try:
            app.server.kill_backend(pid, 9)
        except (ProcessLookupError, ServerError):
            return
        app.server.wait_ready()
        time.sleep(0.1)

    crash(app, 150 if long else 12, 0.3, die)


def test_a_server_that_stops_at_once(app: Clone, long: bool) -> None:
    def die(crew: Crew, draw: random.Random) -> None:
        app.server.stop("immediate")
        app.server.start()

    crash(app, 80 if long else 6, 0.5, die)


def test_a_server_whose_processes_are_all_killed(app: Clone, long: bool) -> None:
    def die(crew: Crew, draw: random.Random) -> None:
        app.server.kill()
        app.server.start()

    crash(app, 80 if long else 2, 0.5, die)


def test_a_worker_that_is_told_to_stop_loses_nothing(app: Clone) -> None:
    # Not death but cancels from outside, at any moment: the CALL may end, and the next one goes on.
    with app.connect() as killer:

        def die(crew: Crew, draw: random.Random) -> None:
            pid = one_of(crew, draw)
            if pid is not None:
                killer.execute("select pg_cancel_backend(%s)", [pid])

        crash(app, 150, 0.03, die, expected="57014")
