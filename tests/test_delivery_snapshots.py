"""A position is two snapshots: what commits late is neither lost nor delivered twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Clone, Harness
from pgrota.server import Server
from support_event import (
    DELIVER,
    delivered,
    drain,
    emit,
    emit_many,
    handler,
    open_session,
    prepare,
    subscribe,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


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
