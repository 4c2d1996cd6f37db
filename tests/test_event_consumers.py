"""Consumers outside: nobody else gets an event while its lease runs, and none is lost."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from harness import Clone, wait_until

FETCH = "select f.event_id, f.key, f.attempts from rota.fetch_events('s', %s, lease => %s) as f"


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run("create role rota_app_login login in role rota_app")
    yield database
    database.run("drop role rota_app_login")


def subscribe(app: Clone, **options: Any) -> None:
    given = "".join(f", {name} => %s" for name in options)
    app.run(f"select rota.subscribe('s', 't', null{given})", *options.values())


def emit(app: Clone, count: int, keys: int = 1) -> list[int]:
    rows = app.run(
        "select rota.emit('t', 'x', to_jsonb(n), key => format('k%%s', n %% %s))"
        " from generate_series(1, %s) as n",
        keys, count,
    )  # fmt: skip
    return [row[0] for row in rows]


def fetch(app: Clone, count: int = 100, lease: str = "1 h") -> list[int]:
    return [row[0] for row in app.run(FETCH, count, lease, user="rota_app_login")]


def consume(app: Clone, wanted: int, count: int = 7) -> tuple[list[Any], threading.Thread]:
    """Fetch and acknowledge in a thread until all sessions together have had as many events."""
    seen: list[Any] = []

    def loop() -> None:
        with app.connect("rota_app_login") as session:
            while (left := app.stock[0]) > 0 and not app.failed:
                rows = session.execute(FETCH, (random.randint(1, count), "1 h")).fetchall()
                seen.extend(rows)
                ids = [row[0] for row in rows]
                done = session.execute("select rota.ack_events('s', %s)", [ids]).fetchone()[0]
                assert done == len(ids)
                with app.lock:
                    app.stock[0] -= len(ids)
                assert left <= wanted

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return seen, thread


def consume_together(app: Clone, wanted: int, sessions: int = 4) -> list[list[Any]]:
    app.stock, app.lock, app.failed = [wanted], threading.Lock(), False
    started = [consume(app, wanted) for _ in range(sessions)]
    try:
        wait_until(lambda: app.stock[0] <= 0, 30, what=f"all of {wanted} events")
    finally:
        app.failed = True
    for _, thread in started:
        thread.join()
    return [seen for seen, _ in started]


def test_two_sessions_never_get_the_same_event(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 10)
    with app.connect("rota_app_login", autocommit=False) as first:
        mine = [row[0] for row in first.execute(FETCH, (4, "1 h")).fetchall()]
        # While it is not decided whether the first has them, nobody else does.
        assert fetch(app) == []
    theirs = fetch(app)
    assert mine == ids[:4]
    assert theirs == ids[4:]
    assert fetch(app) == []


def test_a_lease_that_runs_out_goes_to_one_of_two_who_ask(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 3)
    fetch(app, lease="1 ms")
    with app.connect("rota_app_login", autocommit=False) as first:
        assert [row[0] for row in first.execute(FETCH, (2, "1 h")).fetchall()] == ids[:2]
        assert fetch(app) == ids[2:]
        first.rollback()
    assert fetch(app) == ids[:2]


def test_many_consumers_get_each_event_once(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 400, keys=20)
    seen = [row for rows in consume_together(app, len(ids)) for row in rows]
    assert Counter(row[0] for row in seen) == Counter(ids)
    assert {row[2] for row in seen} == {1}
    assert app.value("select count(*) from rota_core.held_event") == 0


def test_the_events_of_a_key_come_in_order(app: Clone) -> None:
    """Each fetch happens after the ack of the events of the same key before it."""
    subscribe(app, ordered=True)
    app.run("create table public.handed (n bigint generated always as identity, id bigint)")
    app.run(
        "create function public.note() returns trigger language plpgsql security definer as $$"
        " begin insert into public.handed (id) values (new.event_id); return null; end $$"
    )
    app.run(
        "create trigger note after update or insert on rota_core.held_event for each row"
        " when (new.leased_by is not null) execute function public.note()"
    )
    ids = emit(app, 200, keys=5)
    seen = [row for rows in consume_together(app, len(ids)) for row in rows]
    assert Counter(row[0] for row in seen) == Counter(ids)
    key = {row[0]: row[1] for row in seen}
    handed = [row[0] for row in app.run("select h.id from public.handed as h order by h.n")]
    for each in set(key.values()):
        assert [i for i in handed if key[i] == each] == [i for i in ids if key[i] == each]


def test_what_commits_late_is_fetched(app: Clone) -> None:
    subscribe(app)
    with app.connect(autocommit=False) as late:
        first = late.execute("select rota.emit('t', 'x', '1')").fetchone()[0]
        second = app.value("select rota.emit('t', 'x', '2')")
        assert fetch(app) == [second]
        late.commit()
    assert fetch(app) == [first]
    assert fetch(app) == []


@pytest.mark.parametrize("kill", [psycopg.Connection.close, "pg_terminate_backend"])
def test_a_consumer_that_dies_before_its_ack(app: Clone, kill: str | Callable[..., None]) -> None:
    subscribe(app)
    ids = emit(app, 5)
    dying = app.connect("rota_app_login")
    taken = [row[0] for row in dying.execute(FETCH, (2, "300 ms")).fetchall()]
    if callable(kill):
        kill(dying)
    else:
        app.signal(kill, dying.info.backend_pid)
    assert taken == ids[:2]
    assert fetch(app) == ids[2:]
    again: list[Any] = []
    wait_until(
        lambda: again.extend(app.run(FETCH, 100, "1 h", user="rota_app_login")) or len(again) == 2,
        5, what="both again",
    )  # fmt: skip
    assert [(row[0], row[2]) for row in again] == [(i, 2) for i in ids[:2]]


def test_a_consumer_that_dies_before_its_commit_has_taken_nothing(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 5)
    dying = app.connect("rota_app_login", autocommit=False)
    assert len(dying.execute(FETCH, (3, "1 h")).fetchall()) == 3
    app.signal("pg_terminate_backend", dying.info.backend_pid)
    wait_until(lambda: fetch(app) == ids or None, 5, what="all of the events, by another")


def test_a_server_that_crashes_keeps_leases_and_the_rest(crash_database: Clone) -> None:
    app = crash_database
    subscribe(app)
    ids = emit(app, 5)
    kept = [row[0] for row in app.run(FETCH, 2, "1 h", user="postgres")]
    session = app.connect(autocommit=False)
    session.execute(FETCH, (2, "1 h"))
    app.server.kill()
    app.server.start()
    assert kept == ids[:2]
    assert [row[0] for row in app.run(FETCH, 100, "1 h")] == ids[2:]
    assert app.value("select rota.ack_events('s', %s)", ids) == 5


def test_an_idle_look_writes_nothing(app: Clone) -> None:
    subscribe(app)
    emit(app, 3)
    fetch(app)
    before = app.run("select p.xmin, p.ctid from rota_core.event_position as p")
    assert fetch(app) == []
    assert app.run("select p.xmin, p.ctid from rota_core.event_position as p") == before


def test_a_replay_does_not_double_what_is_leased(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 3)
    fetch(app, 1)
    app.run("select rota.replay_subscription('s', since_id => %s)", ids[0])
    assert fetch(app) == ids[1:]


def test_the_plans_of_the_application_are_its_own(app: Clone) -> None:
    subscribe(app)
    ids = emit(app, 1)
    shown = "select current_setting('enable_seqscan'), current_setting('enable_hashjoin')"
    with app.connect("rota_app_login", autocommit=False) as session:
        session.execute("set enable_hashjoin = off")
        session.execute(FETCH, (1, "1 h"))
        assert session.execute(shown).fetchone() == ("on", "off")
        session.execute("select rota.ack_events('s', %s)", (ids,))
        assert session.execute(shown).fetchone() == ("on", "off")
