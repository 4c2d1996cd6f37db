"""A deploy to tables that are written to, views that are read and handlers that run meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from harness import Clone, wait_until
from pgrota.config import Config
from pgrota.errors import LOCK, LockedOut
from pgrota.transaction import Patience
from support_deploy import dump
from support_project import make, put

WRITERS = 8
# Well above what a deploy waits for one lock, which is 300 ms: writers would wait longer if it held
# the lock that they need through its other tries, or waited for it at ease.
LONGEST_WAIT = "2 s"
TABLES = """
create schema shop;
create table shop.orders (
  id bigint generated always as identity primary key, version int, note text
);
"""
# The lock on the table comes first, and is held when the deploy comes to the view.
FILES = {
    "a.sql": """
create or replace function shop.stamp() returns trigger language plpgsql as $$
begin new.version := {version}; return new; end $$;
create or replace trigger stamp before insert on shop.orders
for each row when (new.version is distinct from -{version}) execute function shop.stamp();
select rota.watch_table('shop.orders', '{{INSERT}}');
""",
    "b.sql": """
create or replace function shop.slow(input jsonb) returns jsonb language plpgsql as $$
begin
  perform pg_sleep((input ->> 'seconds')::float);
  return '{{"version": {version}}}';
end $$;
grant execute on function shop.slow(jsonb) to rota_worker;
select rota.define_task('slow', 'shop.slow', max_attempts => 3 + {version});
""",
    "z.sql": "create or replace view shop.newest as"
    " select o.id, {version} as version from shop.orders as o;",
}  # fmt: skip


class Writers:
    """Clients that insert a row at a time, each in a transaction of its own."""

    def __init__(self, database: Clone) -> None:
        self.database = database
        self.errors: list[psycopg.Error] = []
        self.written = 0
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        with self.database.connect() as connection:
            connection.execute(f"set lock_timeout = '{LONGEST_WAIT}'")
            try:
                while not self._done.wait(0.002):
                    connection.execute("insert into shop.orders (note) values ('a note')")
                    with self._lock:
                        self.written += 1
            except psycopg.Error as error:
                self.errors.append(error)

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()


@contextmanager
def reading(database: Clone) -> Iterator[psycopg.Connection]:
    """Somebody who has read the view and goes on with the transaction."""
    with database.connect(autocommit=False) as reader:
        reader.execute("select from shop.newest as n limit 1")
        yield reader
        reader.rollback()


def files(place: Path, version: int) -> Config:
    return make(place, {path: text.format(version=version) for path, text in FILES.items()})


@pytest.fixture
def here(tmp_path: Path, database: Clone, long: bool) -> Iterator[Config]:
    """The project, deployed and worked for; when it is changed, a handler still runs."""
    database.run(TABLES)
    database.run("grant usage on schema shop to rota_worker")
    put(database, files(tmp_path, 0))
    workers = [database.work(), database.work(), database.supervise()]
    seconds = 30 if long else 5
    database.run("select rota.start('slow', jsonb_build_object('seconds', %s::float))", seconds)
    wait_until(lambda: database.value("select 1 from rota.runs where state = 'running'"))
    yield files(tmp_path, 1)
    ended = "select r.state from rota.runs as r where r.state <> 'running'"
    assert wait_until(lambda: database.value(ended), timeout=60) == "succeeded"
    assert all(worker.alive for worker in workers)
    assert database.value("select count(*) from rota.events") == database.value(
        "select count(*) from shop.orders"
    )


@pytest.fixture
def writers(here: Config, database: Clone) -> Iterator[Writers]:
    writers = Writers(database)
    wait_until(lambda: writers.written > WRITERS)
    yield writers
    # They go on after the deploy.
    reached = writers.written
    wait_until(lambda: writers.errors or writers.written > reached + WRITERS)
    writers.stop()
    assert writers.errors == []


def seen(database: Clone) -> set[int]:
    """The versions that a new row, the view and the task are of."""
    return {
        database.value("insert into shop.orders default values returning version"),
        database.value("select version from shop.newest limit 1"),
        database.value("select max_attempts - 3 from rota.tasks where name = 'slow'"),
        database.value("""select (shop.slow('{"seconds": 0}') -> 'version')::int"""),
    }


def test_it_finishes_when_the_reader_has_gone(
    here: Config, writers: Writers, database: Clone
) -> None:
    said: list[str] = []

    def say(message: str) -> None:
        said.append(message)
        if len(said) == 2:
            reader.rollback()

    with reading(database) as reader:
        assert put(database, here, say=say).changed
    assert "waited for AccessExclusiveLock on shop.newest" in said[1]
    assert put(database, here).changes == []
    assert seen(database) == {1}


def test_it_gives_up_when_the_reader_stays(
    here: Config, writers: Writers, database: Clone, long: bool
) -> None:
    before = dump(database)
    patience = Patience() if long else Patience(tries=4)
    with reading(database) as reader:
        with pytest.raises(LockedOut, match="nothing was changed") as refused:
            put(database, here, patience=patience)
        assert f"process {reader.info.backend_pid} of postgres" in refused.value.detail
    assert refused.value.exit_code == LOCK
    assert f"gave up after {patience.tries} tries: sql/z.sql waited for" in refused.value.message
    assert dump(database) == before
    assert seen(database) == {0}
    assert put(database, here).changed
    assert seen(database) == {1}
