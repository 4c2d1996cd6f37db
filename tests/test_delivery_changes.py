"""What is decided of a subscription from another session, while it is being read."""

from __future__ import annotations

import time

import pytest

from harness import Clone, wait_until
from support_event import delivered, emit, emit_many, handler, prepare, subscribe
from support_worker import GATE, held, wait_at

PASS = f"perform pg_advisory_xact_lock_shared({GATE}, 1);"


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@pytest.mark.parametrize(
    "deed",
    [
        "select rota.unsubscribe('note')",
        "select rota.pause('subscription', 'note')",
        "select rota.pause('task', 'note')",
        "select rota.subscribe('note', 'orders', 'note', filter => '$.payload.n > 2')",
        "select rota.subscribe('note', 'users', 'note')",
        "select rota.replay_subscription('note', since => now() - interval '1 day')",
    ],
)
def test_what_is_decided_in_the_middle_of_a_batch(app: Clone, deed: str) -> None:
    body = f"if v_n = 0 then {PASS} end if; if v_n < 2 then raise 'bad event'; end if;"
    subscribe(app, handler(app, "note", body=body, max_attempts=1), "orders", batch_size=1)
    if "unsubscribe" in deed:
        # A failure that is being held asks for the subscription's row.
        app.run(
            "create function app.slow() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(0.5); return new; end $$;"
            " create trigger slow before insert on rota_core.held_event for each row"
            " execute function app.slow()"
        )
    emit_many(app, "orders", 5)
    with held(app):
        app.work()
        wait_at(app)
        admin = app.start(deed, user="postgres")
        time.sleep(0.2)
    assert admin.join() is None
    if "replay" in deed:
        dead = "select max(d.attempts) from rota.dead_letters as d"
        wait_until(lambda: app.value(dead) == 2, what="the replay")
        wait_until(lambda: set(delivered(app)) == {2, 3, 4}, what="the others")
        return
    time.sleep(0.5)
    got = delivered(app)
    # What was read with it in one page may have been handed over with it.
    assert set(got) <= {2, 3, 4}
    if "filter" in deed:
        wait_until(lambda: set(delivered(app)) >= {3, 4}, what="those that match")


def test_a_pause_that_ends_by_itself(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    app.work()
    for n, kind in enumerate(("subscription", "task")):
        app.run(
            "select rota.pause(%s, 'note', until => clock_timestamp() + interval '0.7 s')", kind
        )
        emit(app, "orders", n)
        time.sleep(0.4)
        assert n not in delivered(app)
        wait_until(lambda n=n: n in delivered(app), 3, what="the end of the pause")
        app.run("select rota.resume(%s, 'note')", kind)


def test_removing_and_subscribing_again_while_it_is_read(app: Clone) -> None:
    task = handler(app, "note", body="perform pg_sleep(0.001);")
    for _ in range(2):
        app.work(poll="5 ms")
    for n in range(10):
        subscribe(app, task, "orders", "s", since="earliest")
        emit_many(app, "orders", 20, first=20 * n)
        app.run("select rota.unsubscribe('s')")
    app.run("truncate app.got")
    subscribe(app, task, "orders", "s", since="earliest")
    wait_until(lambda: len(delivered(app)) >= 200, what="all to be read")
    time.sleep(0.1)
    assert sorted(delivered(app)) == list(range(200))
