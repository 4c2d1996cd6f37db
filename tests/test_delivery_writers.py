"""Writers of every kind at once, and readers beside them."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from harness import Harness, wait_until
from pgrota.server import Server
from support_event import delivered, emit, handler, open_session, prepare, subscribe

KINDS = ("plain", "plain", "open", "rollback", "savepoint", "bulk", "prepared")


def write(session: psycopg.Connection[Any], who: int, stop: float, kept: list[int]) -> None:
    draw = random.Random(who)
    number = who * 1_000_000
    while time.monotonic() < stop:
        kind = draw.choice(KINDS)
        numbers = []

        def put(count: int = 1, numbers: list[int] = numbers) -> None:
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
