"""A position is two snapshots: what commits late is neither lost nor delivered twice."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from pgrota.server import Server
from support_event import delivered, drain, emit, emit_many, handler, prepare, subscribe


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@contextmanager
def open_session(app: Clone) -> Iterator[psycopg.Connection[Any]]:
    with app.connect(autocommit=False) as session:
        yield session
        if not session.closed:
            session.rollback()


def test_what_commits_after_the_window_moved_on_is_delivered(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as early, open_session(app) as later:
        emit(early, "orders", 1)
        emit(later, "orders", 2)
        emit(app, "orders", 3)
        drain(app)
        assert delivered(app) == [3]
        later.commit()
        drain(app)
        assert delivered(app) == [3, 2]
        emit(early, "orders", 4)
        emit(app, "orders", 5)
        drain(app)
        early.commit()
        drain(app)
    assert delivered(app) == [3, 2, 5, 1, 4]


def test_a_transaction_that_began_after_the_window_with_a_number_from_before(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as session:
        number = session.execute("select nextval('rota_core.event_id')").fetchone()[0]
        emit(app, "orders", 1)
        drain(app)
        session.execute(
            "insert into rota_core.event (event_id, topic, type, record)"
            " values (%s, 'orders', 'test', '[{\"n\": 0}]')",
            [number],
        )
        session.commit()
    drain(app)
    assert delivered(app) == [1, 0]


def test_what_is_rolled_back_is_never_seen(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as session:
        emit(session, "orders", 1)
        drain(app)
        session.rollback()
        emit(session, "orders", 2)
        session.execute("savepoint a")
        emit(session, "orders", 3)
        session.execute("rollback to a")
        session.execute("savepoint b")
        emit(session, "orders", 4)
        session.execute("release b")
        drain(app)
        assert delivered(app) == []
        session.commit()
    drain(app)
    assert delivered(app) == [2, 4]


DELIVER = 'select rota_core.deliver(\'{"subscription": "note", "shard": 0}\', null)'


def test_a_readers_own_transaction_is_not_over_when_it_takes_its_snapshot(app: Clone) -> None:
    """With a number drawn before, what its handler writes would pass for seen."""
    body = (
        "if v_n = 0 then insert into rota_core.event (event_id, topic, type, record)"
        " values (current_setting('app.number')::bigint, 'orders', 'test', '[{\"n\": 1}]'); end if;"
    )
    subscribe(app, handler(app, "note", body=body), "orders")
    emit(app, "orders", 0)
    app.run(f"alter database {app.name} set app.number = "
            + str(app.value("select nextval('rota_core.event_id')")))  # fmt: skip
    with app.connect(autocommit=False) as reader:
        # What commits now has a later number: to the snapshot, the reader's own is of the past.
        reader.execute("select pg_current_xact_id()")
        emit(app, "users", 0)
        reader.execute(DELIVER)
        reader.commit()
    assert delivered(app) == [0]
    drain(app)
    assert delivered(app) == [0, 1]


def test_what_commits_inside_an_open_window_belongs_to_the_next(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as late:
        emit_many(app, "orders", 30)
        emit(late, "orders", 100)
        emit_many(app, "orders", 30, first=30)
        app.run(DELIVER)
        assert app.value("select p.high is not null from rota_core.event_position as p")
        late.commit()
    drain(app)
    assert delivered(app) == [*range(60), 100]


@pytest.mark.parametrize("how", ["event", "batch"])
def test_what_a_handler_emits_is_delivered_to_its_own_subscription(app: Clone, how: str) -> None:
    again = {
        "event": "if v_n < 4 then"
        " perform rota.emit('orders', 'test', jsonb_build_object('n', v_n + 1)); end if;",
        "batch": "perform rota.emit('orders', 'test', jsonb_build_object('n', x.n + 1))"
        " from (select (e -> 'payload' ->> 'n')::int as n from jsonb_array_elements(events) as e)"
        " as x where x.n < 4;",
    }
    app.run("grant usage on schema rota to rota_worker")
    kind = "batch" if how == "batch" else "call"
    subscribe(app, handler(app, "note", kind, again[how]), "orders", mode=how)
    subscribe(app, handler(app, "other"), "orders")
    emit_many(app, "orders", 2)
    drain(app)
    wanted = sorted([0, 1, 2, 3, 4, 1, 2, 3, 4])
    assert sorted(delivered(app, "note")) == wanted
    assert sorted(delivered(app, "other")) == wanted


def test_a_snapshot_that_stays_open_holds_nobody_up(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as reader, open_session(app) as writer:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select count(*) from rota_core.event")
        writer.execute("create table app.unrelated (n int)")
        for n in range(5):
            emit(app, "orders", n)
            drain(app)
            assert delivered(app) == list(range(n + 1))


def test_a_subscription_made_among_open_writers(app: Clone) -> None:
    task = handler(app, "note")
    emit(app, "orders", 0)
    with open_session(app) as writer, open_session(app) as admin:
        emit(writer, "orders", 1)
        emit(admin, "orders", 2)
        admin.execute("select rota.subscribe('a', 'orders', %s)", [task])
        emit(admin, "orders", 3)
        emit(app, "orders", 4)
        admin.commit()
        subscribe(app, task, "orders", "all", since="earliest")
        drain(app)
        assert sorted(delivered(app)) == sorted([2, 3, 4, 0, 2, 3, 4])
        writer.commit()
    drain(app)
    assert sorted(delivered(app)) == sorted([1, 2, 3, 4, 0, 1, 2, 3, 4])


def test_prepared_transactions(harness: Harness, make_server: Callable[..., Server]) -> None:
    app = prepare(harness.clone(make_server(max_prepared_transactions=10)))
    subscribe(app, handler(app, "note"), "orders")
    with app.connect() as session:
        for n in (1, 2):
            session.execute("begin")
            emit(session, "orders", n)
            session.execute(f"prepare transaction 'p{n}'")
    emit(app, "orders", 3)
    drain(app)
    assert delivered(app) == [3]
    app.server.restart()
    app.run("commit prepared 'p2'")
    app.run("rollback prepared 'p1'")
    drain(app)
    assert delivered(app) == [3, 2]


# a replay


def test_a_replay_leaves_out_nothing_that_had_not_been_read(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as late, open_session(app) as later:
        emit(late, "orders", 0)
        emit(later, "orders", 1)
        ids = [emit(app, "orders", n) for n in (2, 3, 4)]
        drain(app)
        # Committed before the replay, but not read; and committed after it.
        late.commit()
        emit(app, "orders", 5)
        app.run("truncate app.got")
        app.run("select rota.replay_subscription('note', since_id => %s)", ids[1])
        drain(app)
        assert sorted(delivered(app)) == [0, 3, 4, 5]
        later.commit()
    drain(app)
    assert sorted(delivered(app)) == [0, 1, 3, 4, 5]

    # From a place that it has not come to yet.
    app.run("truncate app.got")
    emit_many(app, "orders", 3, first=6)
    last = emit(app, "orders", 9)
    app.run("select rota.replay_subscription('note', since_id => %s)", last)
    drain(app)
    assert delivered(app) == [6, 7, 8, 9]


@pytest.mark.parametrize("phase", [0, 1])
def test_a_replay_in_the_middle_of_a_window(app: Clone, phase: int) -> None:
    subscribe(app, handler(app, "note", "batch"), "orders", mode="batch", batch_size=10)
    with open_session(app) as late:
        for n in range(1200):
            emit(late, "orders", n)
        emit(app, "orders", 1200)
        drain(app)
        emit_many(app, "orders", 1200, first=1201)
        late.commit()
    # A window is open, in the middle of the stragglers or of what is new.
    with app.connect() as session:
        for _ in range(1 if phase == 0 else 4):
            session.execute(DELIVER)
    place = app.run("select p.phase, p.high is not null from rota_core.event_position as p")
    assert place == [(phase, True)]
    had = Counter(delivered(app))
    again = {0: 300, 1: 1300}[phase]
    number = app.value(
        "select e.event_id from rota.events as e where e.payload ->> 'n' = %s", str(again)
    )
    app.run("select rota.replay_subscription('note', since_id => %s)", number)
    drain(app)
    counts = Counter(delivered(app))
    wrong = {
        n: (had[n], counts[n]) for n in range(2401)
        if counts[n] != 1 + (n >= again and had[n])
    }  # fmt: skip
    assert wrong == {}


# all of it at once

KINDS = ("plain", "plain", "open", "rollback", "savepoint", "bulk", "prepared")


def write(session: psycopg.Connection[Any], who: int, stop: float, kept: list[int]) -> None:
    draw = random.Random(who)
    number = who * 1_000_000
    while time.monotonic() < stop:
        kind = draw.choice(KINDS)
        numbers = []

        def put(count: int = 1) -> None:
            nonlocal number
            for _ in range(count):
                number += 1
                numbers.append(number)
                emit(session, "orders", number, f"k{number % 7}")

        session.execute("begin")
        put(draw.randint(1, 5))
        if kind == "open":
            time.sleep(draw.random() * 0.5)
            put()
        elif kind == "savepoint":
            session.execute("savepoint s")
            before = len(numbers)
            put(3)
            session.execute("rollback to s")
            del numbers[before:]
            put()
        elif kind == "bulk":
            put(60)
        if kind == "rollback":
            time.sleep(draw.random() * 0.1)
            session.execute("rollback")
            continue
        if kind == "prepared":
            session.execute(f"prepare transaction '{number}'")
            time.sleep(draw.random() * 0.3)
            if draw.random() < 0.3:
                session.execute(f"rollback prepared '{number}'")
                continue
            session.execute(f"commit prepared '{number}'")
        else:
            session.execute("commit")
        kept.extend(numbers)
        time.sleep(draw.random() * 0.01)


def test_writers_of_every_kind(
    harness: Harness, make_server: Callable[..., Server], long: bool
) -> None:
    app = prepare(harness.clone(make_server(max_prepared_transactions=20)))
    subscribe(app, handler(app, "each"), "orders", batch_size=13)
    subscribe(app, handler(app, "all", "batch"), "ord*", mode="batch", batch_size=31, shards=2)
    workers = [app.work(poll="5 ms") for _ in range(2)]
    stop = time.monotonic() + (60 if long else 5)
    kept: list[list[int]] = [[] for _ in range(8 if long else 5)]
    threads = []
    with contextlib.ExitStack() as sessions:
        held = sessions.enter_context(open_session(app))
        held.execute("set transaction isolation level repeatable read")
        held.execute("select 1 from rota_core.event")
        for who, numbers in enumerate(kept):
            session = sessions.enter_context(app.connect())
            threads.append(threading.Thread(target=write, args=(session, who, stop, numbers)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wanted = sorted(n for numbers in kept for n in numbers)
        assert len(wanted) > 200
        for who in ("each", "all"):
            wait_until(
                lambda who=who: len(delivered(app, who)) >= len(wanted), what=f"{who} to read all"
            )
            assert sorted(delivered(app, who)) == wanted
    assert all(worker.alive for worker in workers)
