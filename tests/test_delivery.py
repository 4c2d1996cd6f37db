"""Each event of a subscription once: whole batches, in halves, in order, late commits, crashes."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from harness import Clone, wait_until
from support_event import delivered, drain, emit, emit_many, handler, prepare, subscribe

# Its time is spent before it fails.
ALL_SLOW = """
alter function app."all"(jsonb) rename to quick;
create function app."all"(events jsonb) returns void language plpgsql as $$
begin {nap} perform app.quick(events); end $$
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def test_events_reach_the_handler_once_and_in_order(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    for n in range(20):
        emit(app, "orders", n)
    drain(app)
    assert delivered(app) == list(range(20))
    drain(app)
    assert delivered(app) == list(range(20))


def test_a_batch_handler_gets_arrays_of_at_most_batch_size(app: Clone) -> None:
    app.run("create table app.size (n int)")
    app.run("grant insert on app.size to rota_worker")
    size = "insert into app.size values (jsonb_array_length(events));"
    subscribe(app, handler(app, "all", "batch", size), "orders", mode="batch", batch_size=7)
    emit_many(app, "orders", 20)
    drain(app)
    assert delivered(app) == list(range(20))
    assert [n for (n,) in app.run("select n from app.size")] == [7, 7, 6]


def test_one_bad_event_costs_itself_and_the_others_commit(app: Clone) -> None:
    subscribe(app, handler(app, "all", "batch", max_attempts=1), "orders", mode="batch")
    app.run("insert into app.bad values (4711), (4712), (9999)")
    emit_many(app, "orders", 10000)
    drain(app)
    assert delivered(app) == [n for n in range(10000) if n not in (4711, 4712, 9999)]
    dead = app.run(
        "select (h.event -> 'payload' ->> 'n')::int, h.attempts, h.error ->> 'message'"
        " from rota_core.held_event as h where h.dead_at is not null order by 1"
    )
    assert dead == [(n, 1, "a bad event among 1") for n in (4711, 4712, 9999)]
    (row,) = app.run("select s.delivered, s.dead, s.retrying, s.lag from rota.subscriptions as s")
    assert row == (9997, 3, 0, timedelta())


@pytest.mark.parametrize("why", ["slow", "deferred"])
def test_a_bad_event_is_found_where_a_transaction_ends_after_one_try(app: Clone, why: str) -> None:
    if why == "deferred":
        app.run("create table app.a (n int primary key deferrable initially deferred)")
    nap = "perform pg_sleep(0.3 * jsonb_array_length(events) / 8);" if why == "slow" else ""
    task = handler(app, "all", "batch", max_attempts=1)
    app.run(ALL_SLOW.format(nap=nap))
    subscribe(app, task, "orders", mode="batch", batch_size=8)
    app.run("insert into app.bad values (5)")
    emit_many(app, "orders", 16)
    drain(app, 1)
    assert sorted(delivered(app)) == [n for n in range(16) if n != 5]


def test_a_failed_event_is_tried_again_by_the_policy_of_its_task(app: Clone) -> None:
    subscribe(app, handler(app, "note", max_attempts=3, initial_delay="0.2 s"), "orders")
    app.run("insert into app.bad values (1), (2)")
    emit_many(app, "orders", 4)
    drain(app)
    assert delivered(app) == [0, 3]
    attempts = "select h.attempts, h.dead_at is null from rota_core.held_event as h"
    assert app.run(attempts) == [(1, True)] * 2

    app.run("delete from app.bad where n = 1")
    wait_until(lambda: drain(app) or sorted(delivered(app)) == [0, 1, 3], what="the second attempt")
    wait_until(lambda: drain(app) or app.run(attempts) == [(3, False)], what="a dead letter")
    assert sorted(delivered(app)) == [0, 1, 3]


def test_an_error_that_retry_on_does_not_list_is_final(app: Clone) -> None:
    subscribe(app, handler(app, "note", retry_on=["sqlstate:40001"]), "orders")
    app.run("insert into app.bad values (1)")
    emit_many(app, "orders", 3)
    drain(app)
    assert delivered(app) == [0, 2]
    assert app.value("select s.dead from rota.subscriptions as s") == 1


@pytest.mark.parametrize("mode", ["event", "batch"])
def test_with_order_a_failing_event_holds_back_its_key_and_no_other(app: Clone, mode: str) -> None:
    kind = "batch" if mode == "batch" else "call"
    task = handler(app, "note", kind, max_attempts=50, initial_delay="0.1 s", backoff_factor=1)
    subscribe(app, task, "orders", ordered=True, mode=mode)
    app.run("insert into app.bad values (4)")
    emit_many(app, "orders", 12, keys=3)
    drain(app)
    assert delivered(app) == [n for n in range(12) if n % 3 != 1 or n < 4]
    emit_many(app, "orders", 6, first=12, keys=3)
    drain(app)
    blocked = [4, 7, 10, 13, 16]
    assert sorted(delivered(app)) == [n for n in range(18) if n not in blocked]

    app.run("delete from app.bad")
    wait_until(lambda: drain(app) or len(delivered(app)) == 18, what="the key to go on")
    assert [n for n in delivered(app) if n % 3 == 1] == [1, 4, 7, 10, 13, 16]


def test_order_survives_a_dead_letter_which_blocks_its_key(app: Clone) -> None:
    subscribe(app, handler(app, "note", max_attempts=1), "orders", ordered=True)
    app.run("insert into app.bad values (0)")
    emit_many(app, "orders", 4, keys=2)
    drain(app)
    assert delivered(app) == [1, 3]
    assert app.run("select s.dead, s.waiting from rota.subscriptions as s") == [(1, 1)]


def test_types_topics_and_filters_choose_what_is_delivered(app: Clone) -> None:
    task = handler(app, "note")
    chosen = {
        "typed": ({"topic": "orders", "types": ["paid"]}, [2]),
        "pattern": ({"topic": "ord*"}, [1, 2, 3]),
        "odd": ({"topic": "o_ders"}, []),
        "predicate": ({"topic": "*", "filter": "$.payload.n > 2"}, [3, 4]),
        "exists": ({"topic": "*", "filter": "$.payload ? (@.n == 4)"}, [4]),
    }
    for name, (how, _) in chosen.items():
        topic = how.pop("topic")
        subscribe(app, task, topic, name, **how)
    for topic, kind, n in [("orders", "new", 1), ("orders", "paid", 2), ("ordered", "x", 3),
                           ("users", "x", 4)]:  # fmt: skip
        app.run("select rota.emit(%s, %s, %s)", topic, kind, Jsonb({"n": n}))
    drain(app)
    counts = dict(app.run("select s.name, s.delivered from rota.subscriptions as s"))
    assert counts == {name: len(wanted) for name, (_, wanted) in chosen.items()}
    assert sorted(delivered(app)) == sorted(n for _, wanted in chosen.values() for n in wanted)


def test_shards_share_the_keys_and_keep_each_in_order(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders", shards=4, ordered=True)
    emit_many(app, "orders", 400, keys=40)
    drain(app)
    assert sorted(delivered(app)) == list(range(400))
    for key in range(40):
        assert [n for n in delivered(app) if n % 40 == key] == list(range(key, 400, 40))
    shares = [n for (n,) in app.run("select p.delivered from rota_core.event_position as p")]
    assert len(shares) == 4
    assert all(shares)


def test_where_a_subscription_begins(app: Clone) -> None:
    task = handler(app, "note")
    emit_many(app, "orders", 3)
    subscribe(app, task, "orders", "now")
    subscribe(app, task, "orders", "earliest", since="earliest")
    emit_many(app, "orders", 2, first=3)
    drain(app)
    counts = dict(app.run("select s.name, s.delivered from rota.subscriptions as s"))
    assert counts == {"now": 2, "earliest": 5}


def test_replay_delivers_again_from_a_time_or_an_event(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    emit_many(app, "orders", 3)
    middle = app.value("select clock_timestamp()")
    last = [emit(app, "orders", n) for n in (3, 4, 5)]
    drain(app)
    app.run("truncate app.got")
    app.run("select rota.replay_subscription('note', since => %s)", middle)
    drain(app)
    assert delivered(app) == [3, 4, 5]
    app.run("truncate app.got")
    app.run("select rota.replay_subscription('note', since_id => %s)", last[1])
    emit(app, "orders", 6)
    drain(app)
    assert delivered(app) == [4, 5, 6]


def test_a_pause_keeps_what_comes_for_later(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    for kind in ("subscription", "task"):
        app.run("truncate app.got")
        app.run("select rota.pause(%s, 'note')", kind)
        emit_many(app, "orders", 3)
        drain(app)
        assert delivered(app) == []
        app.run("select rota.resume(%s, 'note')", kind)
        drain(app)
        assert delivered(app) == [0, 1, 2]


def test_tasks_whose_limits_belong_to_runs_are_started_for_each_event(app: Clone) -> None:
    subscribe(app, handler(app, "note", concurrency=1), "orders")
    emit_many(app, "orders", 5)
    drain(app)
    assert delivered(app) == list(range(5))
    runs = app.run("select r.origin, r.state from rota.runs as r where r.task = 'note'")
    assert len(runs) == 5
    assert all(origin.startswith("event:") for origin, _ in runs)


def test_unsubscribing_leaves_nothing_and_says_what_was_unfinished(app: Clone) -> None:
    subscribe(app, handler(app, "note", max_attempts=1), "orders")
    app.run("insert into app.bad values (0)")
    emit_many(app, "orders", 2)
    drain(app)
    with pytest.raises(psycopg.Error) as refused:
        app.run("select rota.drop_task('note')")
    assert refused.value.sqlstate == "RT002"
    app.run("select rota.unsubscribe('note')")
    for table in ("subscription", "event_position", "held_event"):
        assert app.value(f"select count(*) from rota_core.{table}") == 0
    assert "1 events that it had not finished" in app.value(
        "select l.message from rota.logs as l where l.level = 'warn'"
    )
    app.run("select rota.drop_task('note')")


@pytest.mark.long
def test_large_events_are_not_put_together(app: Clone) -> None:
    """400 megabytes are more than jsonb holds; as stored they are few, being all alike."""
    size = "insert into app.got (who, n) values ('page', jsonb_array_length(events));"
    task = handler(app, "all", "batch", size, max_attempts=1)
    subscribe(app, task, "orders", mode="batch")
    app.run(
        "select rota.emit('orders', 't', jsonb_build_object('n', g.n, 'x', repeat('x', 4000000)))"
        " from generate_series(1, 100) as g (n)"
    )
    drain(app)
    assert sorted(delivered(app, "all")) == list(range(1, 101))
    assert max(delivered(app, "page")) <= 25
