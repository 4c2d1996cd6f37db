"""Workers side by side: one reader a shard, fair turns, no wake-up lost."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import psycopg
import pytest

from harness import Clone, wait_until
from support_event import delivered, emit, emit_many, handler, prepare, subscribe
from support_worker import GATE, held, wait_at

PASS = f"perform pg_advisory_xact_lock_shared({GATE}, 1);"


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def count(app: Clone, who: str) -> int:
    return app.value("select count(*) from app.got as g where g.who = %s", who)


# Two handlers of a shard at a time would meet here.
ALONE = """
if not pg_try_advisory_xact_lock(hashtext('{name}' || coalesce(event ->> 'key', ''))) then
  raise 'there are two';
end if;
perform pg_sleep(random() * 0.002);
"""


@pytest.mark.parametrize("subscriptions", [1, 20])
def test_never_two_readers_of_a_shard(app: Clone, subscriptions: int) -> None:
    names = [f"s{n}" for n in range(subscriptions)]
    for name in names:
        task = handler(app, name, body=ALONE.format(name=name), max_attempts=1)
        subscribe(app, task, "orders", ordered=True)
    workers = [app.work(poll="2 ms") for _ in range(4)]
    for n in range(40):
        emit_many(app, "orders", 5, first=5 * n, keys=1)
        time.sleep(0.01)
    for name in names:
        wait_until(lambda name=name: count(app, name) == 200, 60, what=f"{name} to read all")
        assert delivered(app, name) == list(range(200))
    assert app.value("select count(*) from rota_core.held_event") == 0
    assert all(worker.alive for worker in workers)


def test_busy_subscriptions_take_turns(app: Clone) -> None:
    for n in range(5):
        handler(app, f"s{n}", body="perform pg_sleep(0.002);")
        subscribe(app, f"s{n}", "orders")
    app.run("select rota.emit('orders', 'test', '{\"n\": 1}') from generate_series(1, 20000)")
    handler(app, "rare")
    subscribe(app, "rare", "users")
    app.run("create function app.run() returns void language sql as"
            " $$ insert into app.got (who) values ('run') $$;"
            " select rota.define_task('run', 'app.run'),"
            " rota.define_task('limited', 'app.run', concurrency => 1)")  # fmt: skip
    for _ in range(2):
        app.work()
    wait_until(lambda: all(count(app, f"s{n}") > 0 for n in range(5)), what="each to have a turn")
    emit(app, "users", 1)
    app.run("select rota.start('run'), rota.start('limited')")
    wait_until(lambda: count(app, "rare") == 1 and count(app, "run") == 2, what="the others")
    before = Counter(dict(app.run("select g.who, count(*) from app.got as g group by 1")))
    wait_until(
        lambda: all(count(app, f"s{n}") > before[f"s{n}"] for n in range(5)), 20, what="a next turn"
    )
    assert max(before[f"s{n}"] for n in range(5)) < 20000


def test_a_busy_subscription_lets_a_limited_run_through(app: Clone) -> None:
    subscribe(app, handler(app, "busy", body="perform pg_sleep(0.002);"), "orders")
    app.run("select rota.emit('orders', 'test', '{\"n\": 1}') from generate_series(1, 10000)")
    app.run("create function app.run() returns void language sql as"
            " $$ insert into app.got (who) values ('run') $$;"
            " select rota.define_task('limited', 'app.run', concurrency => 1)")  # fmt: skip
    app.work()
    wait_until(lambda: count(app, "busy") > 0, what="a turn")
    app.run("select rota.start('limited')")
    wait_until(lambda: count(app, "run") == 1, what="the other")
    assert count(app, "busy") < 10000


def test_an_idle_worker_sees_a_commit_soon(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    app.work(poll="100 ms")
    for n in range(5):
        time.sleep(0.05 * n)
        with app.connect(autocommit=False) as session:
            emit(session, "orders", n)
            time.sleep(0.2)
            assert n not in delivered(app)
            session.commit()
        wait_until(lambda n=n: n in delivered(app), 3, what="the event")


def test_no_wake_up_is_lost(app: Clone, long: bool) -> None:
    """Each event is delivered soon though none comes after it, while workers come and go."""
    names = [f"s{n}" for n in range(4)]
    for name in names:
        subscribe(app, handler(app, name), f"t-{name}", shards=2 if name == "s0" else 1)
    subscribe(app, handler(app, "any"), "t-*")
    stop = threading.Event()
    trouble: list[BaseException] = []

    def work(who: int) -> None:
        draw = random.Random(who)
        try:
            with app.connect("rota_worker") as session:
                while not stop.is_set():
                    budget = draw.choice((5, 40, 300))
                    session.execute(f"call rota.work(budget => '{budget} ms', poll => '5 ms')")
        except psycopg.Error as error:
            trouble.append(error)

    def send(who: int, sent: list[tuple[str, int]]) -> None:
        draw = random.Random(who)
        try:
            with app.connect(autocommit=False) as session:
                for n in range(who * 10000, who * 10000 + (300 if long else 25)):
                    name = draw.choice(names)
                    emit(session, f"t-{name}", n, str(n))
                    time.sleep(draw.random() * 0.01)
                    session.commit()
                    sent.append((name, n))
                    time.sleep(draw.choice((0, 0.002, 0.02)))
                    if draw.random() < 0.3:
                        wait_until(
                            lambda n=n: app.value("select count(*) from app.got where n = %s", n)
                            == 2,
                            5, what=f"event {n}",
                        )  # fmt: skip
        except BaseException as error:
            trouble.append(error)

    sent: list[tuple[str, int]] = []
    workers = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    senders = [threading.Thread(target=send, args=(who, sent)) for who in range(3)]
    for thread in workers + senders:
        thread.start()
    for thread in senders:
        thread.join()
    # One that goes on alone: nobody begins anew, and looks at everything.
    app.work(poll="5 ms")
    for name in [*names, "any"]:
        wanted = sorted(n for who, n in sent if name in (who, "any"))
        wait_until(lambda name=name, wanted=wanted: count(app, name) == len(wanted), 5,
                   what=f"{name} to read all")  # fmt: skip
        assert sorted(delivered(app, name)) == wanted
    stop.set()
    for thread in workers:
        thread.join()
    assert trouble == []


def test_an_event_that_commits_while_its_reader_ends(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    wait = (
        "create function app.wait() returns trigger language plpgsql as $$"
        f" begin {PASS} return null; end $$;"
        " create trigger wait after insert on rota_core.finished_run"
        " for each row execute function app.wait()"
    )
    app.run(wait)
    with held(app):
        emit(app, "orders", 0)
        # It leaves after this run; what it knows goes with it.
        app.work(budget="0.3 s")
        wait_at(app)
        other = app.work()
        # It has looked for the last time, and not committed.
        emit(app, "orders", 1)
        time.sleep(0.3)
        assert delivered(app) == [0]
    wait_until(lambda: delivered(app) == [0, 1], 5, what="the event")
    assert other.alive


def test_two_workers_that_look_at_the_same_news_start_one_reader(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    emit(app, "orders", 0)
    # The second has seen no reader, and has not locked the position.
    app.run(
        "create or replace function rota_core.settle_position(subscription text, shard int)"
        f" returns boolean language plpgsql as $$ begin {PASS} return true; end $$"
    )
    with held(app):
        second = app.start("select rota_core.wake_subscription('note', 0)", user="postgres")
        wait_at(app)
        app.run("select rota_core.enqueue_run('subscription:note', '{}', now(), null, '{}',"
                " 'subscription:note:0')")  # fmt: skip
    assert second.join() is None
    assert app.value("select count(*) from rota_core.run") == 1


def test_so_many_failures_that_the_log_waits(app: Clone) -> None:
    task = handler(app, "note", max_attempts=50, initial_delay="1 h")
    subscribe(app, task, "orders")
    app.run("insert into app.bad select g from generate_series(0, 2999) as g")
    emit_many(app, "orders", 3000)
    worker = app.work(poll="5 ms")
    held_events = "select s.retrying from rota.subscriptions as s"
    wait_until(lambda: app.value(held_events) >= 1000, 30, what="the retry list to fill")
    wait_until(lambda: not app.value("select count(*) from rota_core.run"), what="the reader's end")
    runs = app.value("select count(*) from rota.runs")
    emit(app, "orders", 0)
    time.sleep(1)
    # Nobody looks at the log again and again, and nothing of it is passed over.
    assert app.value("select count(*) from rota.runs") <= runs + 2
    assert 1000 <= app.value(held_events) < 2000
    app.run("truncate app.bad")
    app.run("update rota_core.held_event set next_at = clock_timestamp()")
    app.run("update rota_core.event_position set wake_at = clock_timestamp()")
    wait_until(lambda: count(app, "note") == 3001, 30, what="all to be delivered")
    assert sorted(delivered(app)) == sorted([0, *range(3000)])
    assert worker.alive
