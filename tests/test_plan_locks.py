"""Planning and deploying while somebody holds a lock on a table of the user's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness import Clone
from pgrota.blockers import Witness
from pgrota.config import at as config
from pgrota.errors import LOCK, LockedOut
from pgrota.transaction import Patience
from support_deploy import dump, rota
from support_project import ORDERS, add_migration, make, put

TRIGGER = """
create or replace function shop.stamp() returns trigger language plpgsql as $$
begin return new; end $$;
create or replace trigger stamp before insert on shop.orders
for each row when (new.id > {}) execute function shop.stamp();
"""
INSERT = "insert into shop.orders values (%s)"


@pytest.fixture
def place(tmp_path: Path, database: Clone) -> Path:
    """A project that is deployed, and whose trigger has changed since."""
    database.run(ORDERS)
    database.run("grant usage on schema shop to rota_worker")
    put(database, make(tmp_path, {"stamp.sql": TRIGGER.format(1)}))
    make(tmp_path, {"stamp.sql": TRIGGER.format(2)})
    return tmp_path


@pytest.fixture
def writer(place: Path, database: Clone) -> Iterator[psycopg.Connection]:
    """Somebody who has inserted a row and not committed it."""
    with database.connect(autocommit=False, application_name="till 7") as connection:
        connection.execute(INSERT, [1])
        yield connection
        connection.rollback()


def test_a_plan_that_cannot_have_the_lock_says_who_has(
    place: Path, database: Clone, writer: psycopg.Connection
) -> None:
    before = dump(database)
    done = rota("--project", str(place), "plan", url=database.url())
    assert done.returncode == LOCK
    message, detail, hint = done.stderr.splitlines()[-3:]
    assert message == (
        "Error: gave up after 5 tries: sql/stamp.sql waited for ShareRowExclusiveLock on"
        " shop.orders; nothing was changed"
    )
    pid = writer.info.backend_pid
    assert detail.startswith(f"process {pid} of postgres (till 7) idle in transaction, its transa")
    assert ", its last statement at " in detail
    assert hint.endswith(f"select pg_terminate_backend({pid});")
    assert dump(database) == before


def test_so_does_a_deploy_of_a_migration(
    place: Path, database: Clone, writer: psycopg.Connection
) -> None:
    add_migration(place, 1, "alter table shop.orders add column note text;")
    with pytest.raises(LockedOut, match=r"AccessExclusiveLock on shop\.orders; noth") as refused:
        put(database, config(place), patience=Patience(tries=2))
    assert "migrations/versions/0001_step.py, line 1" in refused.value.message
    assert f"process {writer.info.backend_pid} of postgres (till 7)" in refused.value.detail


def test_what_others_do_is_left_out_where_it_may_not_be_seen(
    place: Path, database: Clone, writer: psycopg.Connection
) -> None:
    witness = Witness()
    database.run("grant truncate on shop.orders to rota_worker")
    with database.connect("rota_worker", autocommit=False) as waiting:
        waiting.execute("set lock_timeout = '2 s'")
        with pytest.raises(psycopg.errors.LockNotAvailable), witness.watching(waiting):
            waiting.execute("truncate shop.orders")
    assert witness.wanted == "AccessExclusiveLock on shop.orders"
    assert witness.detail == f"process {writer.info.backend_pid} of postgres (till 7)"


def test_what_is_no_table_is_named_as_well(place: Path, database: Clone) -> None:
    with (
        database.connect(autocommit=False) as holder,
        database.connect(autocommit=False) as waiting,
    ):
        holder.execute("drop function shop.stamp cascade")
        waiting.execute("set lock_timeout = '1 s'")
        witness = Witness()
        with pytest.raises(psycopg.errors.LockNotAvailable), witness.watching(waiting):
            waiting.execute("drop function shop.stamp cascade")
        assert witness.wanted == "AccessExclusiveLock on function shop.stamp()"
        holder.rollback()


def test_nobody_queues_for_long_behind_a_plan(
    place: Path, database: Clone, writer: psycopg.Connection
) -> None:
    planned = threading.Event()
    with database.connect() as other:
        other.execute("set lock_timeout = '200 ms'")

        def plan() -> None:
            with pytest.raises(LockedOut):
                put(database, config(place), dry_run=True)
            planned.set()

        thread = threading.Thread(target=plan)
        thread.start()
        written = 1
        while not planned.is_set():
            written += 1
            other.execute(INSERT, [written])
            time.sleep(0.01)
        thread.join()
    assert written > 2
