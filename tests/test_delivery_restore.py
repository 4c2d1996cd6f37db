"""A log that was restored into another cluster: nothing is read until it is adopted, and then each
event once."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from harness import Clone, Harness
from pgrota.deploy import deploy
from pgrota.server import Server
from support_deploy import rota
from support_event import delivered, drain, emit, emit_many, handler, prepare, subscribe

READER = 'select rota_core.deliver(\'{"subscription": "%s", "shard": 0}\', null)'


@pytest.fixture
def other(harness: Harness) -> Iterator[Server]:
    """A server that is no copy of ours, with the roles."""
    server = Server(harness.root / "other", cron_database="postgres").start()
    try:
        deploy(server.url())
        yield server
    finally:
        server.remove()


def restore(app: Clone, server: Server) -> Clone:
    """The database in another cluster."""
    programs = app.server.binaries.directory
    text = subprocess.run(
        [programs / "pg_dump", "--format=custom", "--exclude-schema=tap",
         "--exclude-schema=plpgsql_check", "--extension=plpgsql", "--dbname", app.url()],
        check=True, capture_output=True,
    ).stdout  # fmt: skip
    with server.connect() as connection:
        connection.execute("create database restored")
    subprocess.run(
        [programs / "pg_restore", "--dbname", server.url("restored")],
        check=True, input=text, capture_output=True,
    )  # fmt: skip
    return Clone(server, "restored")


@pytest.mark.parametrize("ahead", [False, True])
def test_each_event_is_delivered_once_in_either_cluster(
    database: Clone, other: Server, ahead: bool
) -> None:
    app = prepare(database)
    names = ["before", "stragglers", "middle", "shards", "filter", "ordered"]
    for name in names:
        options = {
            "shards": {"shards": 2}, "ordered": {"ordered": True},
            "filter": {"filter": "$.payload.n % 2 == 0"},
        }.get(name, {})  # fmt: skip
        task = handler(app, name, max_attempts=50, initial_delay="1 h")
        subscribe(app, task, "orders", **options)
    subscribe(app, None, "orders", "outside")
    with ExitStack() as stack:
        sessions = [stack.enter_context(app.connect(autocommit=False)) for _ in range(4)]
        for n, session in enumerate(sessions):
            emit(session, "orders", n, "k0")
        emit_many(app, "orders", 40, first=10, keys=3)
        emit_many(app, "orders", 40, first=60)
        app.run("insert into app.bad values (12)")
        drain(app)
        # Committed, and not read; rolled back; open while it is dumped.
        sessions[0].commit()
        emit_many(app, "orders", 50, first=100, keys=3)
        sessions[1].rollback()
        for name in ("middle", "stragglers"):
            app.run(READER % name)
        sessions[3].commit()
        open_windows = "select count(*) from rota_core.event_position as p where p.high is not null"
        assert app.value(open_windows) == 2
        fetched = "select array_agg(f.event_id) from rota.fetch_events('outside', 30, '1 h') as f"
        app.value(fetched)
        there = restore(app, other)
    if ahead:
        # Transactions of this cluster have the numbers of those over there, and larger ones.
        with other.connect("restored") as session:
            for _ in range(3000):
                session.execute("select pg_current_xact_id()")
    # Workers stay away; what is emitted meanwhile is not lost either.
    emit(there, "orders", 200)
    app.run("delete from app.bad")
    there.run("delete from app.bad")
    there.run("update rota_core.held_event set next_at = now() where leased_by is null")
    facts = "select (select count(*) from app.got), (select count(*) from rota.runs)"
    before = there.run(facts)
    worker = there.work(budget="0.5 s", poll="5 ms")
    worker.join()
    assert there.run(facts) == before
    for refused in (
        "select * from rota.fetch_events('outside')",
        READER % "middle",
        "select rota.replay_subscription('middle', since => now())",
        "select rota.subscribe('new', 'orders', null)",
    ):
        with pytest.raises(psycopg.Error) as error:
            there.run(refused)
        assert error.value.sqlstate == "RT008", refused
    told = rota("doctor", url=there.url())
    assert told.returncode == 1
    assert "-> rota doctor --adopt-restore" in told.stdout

    told = rota("doctor", "--adopt-restore", url=there.url())
    assert "subscription middle goes on" in told.stderr
    assert "--adopt-restore" not in told.stdout
    emit(there, "orders", 201)
    drain(there)
    wanted = sorted([0, 3, *range(10, 50), *range(60, 150), 200, 201])
    for name in names:
        mine = [n for n in wanted if name != "filter" or n % 2 == 0]
        assert sorted(delivered(there, name)) == mine, name
    there.run("update rota_core.held_event set next_at = now()")
    rows = there.run("select (f.payload ->> 'n')::int from rota.fetch_events('outside', 1000) as f")
    assert Counter(n for (n,) in rows) == Counter(wanted)
    # And as anywhere from now on.
    again = rota("doctor", "--adopt-restore", url=there.url())
    assert "every subscription stands in this cluster's log" in again.stderr
    emit(there, "orders", 202)
    drain(there)
    assert all(202 in delivered(there, name) for name in names)


def test_rows_that_hold_many_events_are_cut_where_they_had_been_read(
    database: Clone, other: Server
) -> None:
    app = prepare(database)
    for name in ("late", "middle"):
        subscribe(app, handler(app, name), "orders")
    chunk = (
        "insert into rota_core.event (topic, type, events, record)"
        " select 'orders', 'test', 50, json_agg(json_build_object('n', n))"
        " from generate_series(%s::int, %s::int + 49) as n"
    )
    with app.connect(autocommit=False) as late:
        late.execute(chunk, (0, 0))
        emit(app, "orders", 1000)
        drain(app)
        app.run(chunk, 100, 100)
        app.run(chunk, 200, 200)
        app.run(READER % "middle")
        late.commit()
    app.run(READER % "late")
    places = app.run("select p.subscription, p.phase, p.last_id % 1024"
                     " from rota_core.event_position as p"
                     " where p.high is not null order by 1")  # fmt: skip
    assert places == [("late", 0, 19), ("middle", 1, 19)]
    there = restore(app, other)
    rota("doctor", "--adopt-restore", url=there.url())
    drain(there)
    wanted = sorted([*range(50), *range(100, 150), *range(200, 250), 1000])
    for name in ("late", "middle"):
        assert sorted(delivered(there, name)) == wanted, name


def test_a_log_without_subscriptions(database: Clone, other: Server) -> None:
    app = prepare(database)
    with app.connect() as session:
        for _ in range(3000):
            session.execute("select pg_current_xact_id()")
    emit_many(app, "orders", 10)
    there = restore(app, other)
    status = "select h.status from rota.health as h where h.check_name = 'restored log'"
    assert there.value(status) == "critical"
    rota("doctor", "--adopt-restore", url=there.url())
    assert there.value(status) == "ok"
    subscribe(there, handler(there, "note"), "orders", since="earliest")
    drain(there)
    assert delivered(there) == list(range(10))
