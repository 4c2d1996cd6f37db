"""Readers that die at any moment: each event has its effect once, and one bad event ends alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from harness import Clone, wait_until
from pgrota.server import ServerError
from support_crash import Crew, survives, trap
from support_event import delivered, drain, emit_many, handler, prepare, subscribe
from support_worker import held, wait_at

pytestmark = pytest.mark.timeout(1800)
# Where a reader stands when it is killed.
POINTS = {
    "in the handler": "after insert on app.got",
    "when a failure is held": "before insert on rota_core.held_event",
    "when held events are let go": "before delete on rota_core.held_event",
    "when the position moves": "before update on rota_core.event_position",
    "at the checkpoint": "before update of checkpoint on rota_core.run",
    "at its end": "before insert on rota_core.finished_run",
}


def readers_at_rest(app: Clone) -> bool:
    """Whether nothing is left to be read, tried again or run."""
    return survives(
        app,
        "select not exists (select from rota_core.run) and not exists ("
        " select from rota_core.held_event where dead_at is null)"
        " and not bool_or(s.lag > '0') from rota.subscriptions as s",
    ) == [(True,)]


@pytest.mark.parametrize("ordered", [False, True])
def test_effects_happen_once_wherever_a_reader_dies(crash_database: Clone, ordered: bool) -> None:
    app = prepare(crash_database)
    policy = {"max_attempts": 1000, "initial_delay": "0.1 s", "backoff_factor": 1}
    subscribe(app, handler(app, "note", **policy), "orders", ordered=ordered)
    first = 0
    for point, place in POINTS.items():
        app.run("insert into app.bad values (%s)", first + 5)
        emit_many(app, "orders", 10, first=first, keys=3)
        if point == "when held events are let go":
            drain(app)
            app.run("delete from app.bad")
            time.sleep(0.2)
        with trap(app, place), held(app):
            worker = app.work(poll="5 ms")
            wait_at(app)
            worker.terminate()
            worker.join()
        app.run("delete from app.bad")
        with Crew(app, workers=1):
            wait_until(lambda: readers_at_rest(app), what=f"all to be read: killed {point}")
        first += 10
        assert sorted(delivered(app)) == list(range(first)), point
        if ordered:
            for key in range(3):
                mine = [n for n in delivered(app) if n % 10 % 3 == key]
                assert mine == sorted(mine), point


# at random

MOODY = "if random() < 0.02 then raise 'bad luck'; end if; perform pg_sleep(random() * 0.001);"
STARTED = """
create function app."{name}"(input jsonb{state}) returns jsonb language plpgsql as $$
begin
  {body}
  insert into app.got (who, n, event_id) values
    ('{name}', (input -> 'payload' ->> 'n')::int, (input ->> 'event_id')::bigint);
  return '{{"done": true}}';
end $$;
"""
SENT = """
create table app.sent (n int primary key);
create sequence app.number;
create function app.send(count int) returns void language sql as $$
  with new as (insert into app.sent select nextval('app.number') from generate_series(1, count)
    returning n)
  select rota.emit('orders', 'test', jsonb_build_object('n', n), 'k' || n % 5) from new
$$;
"""


@pytest.fixture
def crowd(crash_database: Clone) -> Clone:
    """Subscriptions of every kind. What dies alone is charged: here that must not end anything."""
    app = prepare(crash_database)
    app.run(SENT)
    policy = {"max_attempts": 1000, "initial_delay": "0 s", "max_delay": "0 s"}
    subscribe(app, handler(app, "each", body=MOODY, **policy), "orders", ordered=True)
    subscribe(app, handler(app, "shards", body=MOODY, **policy), "orders", ordered=True, shards=2)
    batch = "perform pg_sleep(random() * 0.01);" + MOODY
    subscribe(app, handler(app, "all", "batch", batch, **policy), "orders", mode="batch",
              batch_size=9)  # fmt: skip
    for name, options in {"chunks": {"kind": "chunked"}, "one": {"concurrency": 1}}.items():
        state = ", state jsonb" if name == "chunks" else ""
        app.run(STARTED.format(name=name, state=state, body=MOODY))
        given = "".join(f", {key} => %s" for key in options)
        app.run(
            f"select rota.define_task(%s, %s, max_attempts => 1000, initial_delay => '0 s'{given})",
            name, f'app."{name}"', *options.values(),
        )  # fmt: skip
        subscribe(app, name, "orders")
    # Readers that were lost are soon back.
    app.run("update rota_core.task set initial_delay = '0.02 s', max_attempts = 1000"
            " where starts_with(task, 'subscription:')")  # fmt: skip
    return app


def crash(
    app: Clone, deaths: int, pause: float, die: Callable[[Crew, random.Random], None],
    expected: str | None = None,
) -> None:  # fmt: skip
    draw = random.Random(deaths)
    with Crew(app, workers=3, expected=expected) as crew:
        for _ in range(deaths):
            survives(app, f"select app.send({draw.randint(1, 15)})")
            time.sleep(draw.random() * pause)
            die(crew, draw)
        wait_until(lambda: readers_at_rest(app), 120, 0.1, what="all to be read")
    wanted = [n for (n,) in app.run("select n from app.sent order by n")]
    for who in ("each", "shards", "all", "chunks", "one"):
        assert sorted(delivered(app, who)) == wanted, who
    for who in ("each", "shards"):
        for key in range(5):
            mine = [n for n in delivered(app, who) if n % 5 == key]
            assert mine == sorted(mine), who


def test_workers_that_are_terminated(crowd: Clone, long: bool) -> None:
    with crowd.connect() as killer:

        def die(crew: Crew, draw: random.Random) -> None:
            if crew.workers:
                pid = draw.choice(crew.workers).pid
                killer.execute("select pg_terminate_backend(%s)", [pid])

        crash(crowd, 2000 if long else 60, 0.1, die)


def test_workers_that_are_cancelled(crowd: Clone) -> None:
    with crowd.connect() as killer:

        def die(crew: Crew, draw: random.Random) -> None:
            if crew.workers:
                pid = draw.choice(crew.workers).pid
                killer.execute("select pg_cancel_backend(%s)", [pid])

        crash(crowd, 60, 0.05, die, expected="57014")


def test_backends_that_are_killed(crowd: Clone, long: bool) -> None:
    def die(crew: Crew, draw: random.Random) -> None:
        if not crew.workers:
            return
        try:
            crowd.server.kill_backend(draw.choice(crew.workers).pid, 9)
        except (ProcessLookupError, ServerError):
            return
        crowd.server.wait_ready()

    crash(crowd, 100 if long else 5, 0.5, die)


def test_a_server_whose_processes_are_all_killed(crowd: Clone, long: bool) -> None:
    def die(crew: Crew, draw: random.Random) -> None:
        crowd.server.kill()
        crowd.server.start()

    crash(crowd, 60 if long else 2, 0.6, die)
