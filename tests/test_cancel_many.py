"""Many cancels at once, asked for and not."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from harness import Clone, wait_until
from support_worker import all_ended, define, prepare, rows, start_many

GATE_LOCK = 1919906914


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@contextmanager
def meanwhile(app: Clone, turn: Callable[[psycopg.Connection], None], user: str) -> Iterator[None]:
    """Repeat something in a thread, in a session of its own; what it raises comes out here."""
    stop, troubles = threading.Event(), []

    def repeat() -> None:
        try:
            with app.connect(user) as session:
                while not stop.is_set():
                    turn(session)
        except Exception as trouble:
            troubles.append(trouble)

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert troubles == []


def test_every_cancel_hits_its_run(app: Clone, long: bool) -> None:
    define(app, "victim", "perform app.note('x'); perform pg_sleep(60); return null;")
    define(app, "close", "perform app.note('x'); perform pg_sleep(random() * 0.004); return null;")
    define(app, "innocent", "perform app.note('x'); perform pg_sleep(0.002); return null;")
    # Time for the worker to move on, between the last look and the signal.
    app.run(
        "create function app.doze() returns trigger language plpgsql as $$"
        " begin perform pg_sleep(random() * 0.004); return new; end $$;"
        "create trigger doze after update of stop_signals on rota_core.run"
        " for each row execute function app.doze()"
    )
    count = 1000 if long else 200
    ids = {task: [] for task in ("victim", "close", "innocent")}
    with app.connect(autocommit=False) as session:
        for _ in range(count):
            for task in ids:
                row = session.execute("select s.run_id from rota.start(%s) as s", [task])
                ids[task].append(row.fetchone()[0])

    def ask(session: psycopg.Connection) -> None:
        session.execute(
            "select rota.cancel(r.run_id) from rota_core.run as r"
            " where r.state = 'running' and r.stop_reason is null and r.task <> 'innocent'"
        )
        time.sleep(0.001)

    def stop(session: psycopg.Connection) -> None:
        session.execute("call rota_core.stop_runs()")

    workers = [app.work(), app.work()]
    with meanwhile(app, ask, "postgres"), meanwhile(app, stop, "rota_worker"):
        all_ended(app, timeout=200)

    assert all(worker.alive for worker in workers)
    found = dict(app.run("select run_id, state from rota_core.finished_run"))
    assert {found[i] for i in ids["victim"]} == {"cancelled"}
    assert {found[i] for i in ids["innocent"]} == {"succeeded"}
    assert {found[i] for i in ids["close"]} <= {"cancelled", "succeeded"}
    # One attempt each; one effect where it succeeded, none where it was cancelled.
    with_effect = [row[0] for row in app.run("select run_id from app.effect order by run_id")]
    assert with_effect == sorted(i for i, state in found.items() if state == "succeeded")
    assert app.run("select distinct outcome, charged from rota_core.attempt") == [
        ("cancelled", False)
    ]
    assert app.value("select max(attempt) from rota_core.finished_run") == 1


def test_stray_cancels_inside_handlers_never_end_the_call(app: Clone, long: bool) -> None:
    # A handler with a block of its own, so that cancels come at its end and between blocks too.
    define(
        app, "work",
        "perform app.note('x'); for i in 1..3 loop begin perform pg_sleep(random() * 0.002);"
        " exception when others then null; end; end loop; return null;",
        max_attempts=1,
    )  # fmt: skip
    start_many(app, "work", 1500 if long else 300)
    worker = app.work()
    worker_id = wait_until(lambda: app.value("select max(worker_id) from rota_core.worker"))
    sent, draw = [0], random.Random(1)

    def stray(session: psycopg.Connection) -> None:
        # Who has the gate knows that the worker is in a handler, and stays there.
        with session.transaction():
            if not session.execute(
                "select pg_try_advisory_xact_lock(%s, %s)", (GATE_LOCK, worker_id)
            ).fetchone()[0]:
                return
            if session.execute(
                "select true from pg_stat_activity where pid = %s"
                " and application_name like 'rota run %%'",
                [worker.pid],
            ).fetchone():
                time.sleep(draw.random() * 0.004)
                session.execute("select pg_cancel_backend(%s)", [worker.pid])
                sent[0] += 1
        time.sleep(0.004)

    with meanwhile(app, stray, "postgres"):
        wait_until(lambda: sent[0] >= (1000 if long else 150), 200, what="strays to be sent")
    all_ended(app, timeout=120)

    assert worker.alive
    assert app.run("select state, count(*) from rota_core.finished_run group by state") == [
        ("succeeded", 1500 if long else 300)
    ]
    assert app.value("select count(*) = count(distinct run_id) from app.effect")
    found = rows(app, "select outcome, charged, count(*) as n from rota_core.attempt group by 1, 2")
    assert [(row["outcome"], row["charged"]) for row in found] == [("interrupted", False)]
    assert found[0]["n"] > sent[0] / 4
