"""What writers of a table feel of deploys to it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg

from bench.arena import Arena, Session
from bench.figures import Table, percentile
from bench.scale import Scale
from pgrota import config
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.errors import Problem
from pgrota.server import Server

WRITERS = 8
APPLICATION = "rota bench deploy"
TABLES = """
create schema app;
create table app.orders (
  id bigint generated always as identity primary key, note text, at timestamptz
);
"""
UNDER_LOAD = {
    "a.sql": """
create or replace function app.stamp() returns trigger language plpgsql as $$
begin new.at := '2026-01-01'::timestamptz + interval '{version} s'; return new; end $$;
create or replace view app.newest as select o.id, {version} as version from app.orders as o;
create or replace function app.slow() returns void language sql as $$ select pg_sleep(30) $$;
""",
    "b.sql": """
-- requires: a.sql
select rota.define_task('slow', 'app.slow', max_attempts => 3 + {version});
""",
    "c.sql": """
-- requires: b.sql
create or replace trigger stamp before insert on app.orders
for each row when (new.id > {version}) execute function app.stamp();
select rota.watch_table('app.orders', '{{INSERT}}');
""",
}
HELD = f"""
select exists (
  select from pg_locks as l
  join pg_stat_activity as a on a.pid = l.pid
  where l.relation = 'app.orders'::regclass and l.granted
    and a.application_name = '{APPLICATION}'
    and l.mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
)
"""


def measure(server: Server, scale: Scale, template: str, place: Path) -> Table:
    length = scale.seconds(10)
    table = Table(
        "8 writers of a watched table while it is deployed to",
        ["", "writes/s", "p50 ms", "p99 ms", "longest ms", "deploys", "gave up", "lock ms"],
        notes=[
            "Each deploy changes a trigger of the table, its function, a view and a task. A reader"
            " holds the view for 0.2 s of each, a worker is in a handler of 30 s.",
            "lock ms: the longest that a deploy held a lock on the table that writers wait for.",
            "Goal: p99 at most doubled.",
        ],
    )
    with Arena(server, template) as arena:
        arena.run(TABLES)
        _deploy(server, arena, place, 0)
        arena.run("select rota.start('slow')")
        sessions = [
            Session(arena, "call rota.work(budget => '120 s')"),
            Session(arena, "call rota.supervise(budget => '120 s')"),
        ]
        for session in sessions:
            session.begin()
        scale.say("deploys: under load")
        for what in ("no deploy", "a deploy each second"):
            writers, watcher = _Writers(arena), _Watcher(arena)
            done = given_up = 0
            until = time.monotonic() + length
            while time.monotonic() < until:
                if what == "no deploy":
                    time.sleep(0.1)
                    continue
                began = time.monotonic()
                try:
                    _deploy_with_a_reader(server, arena, place, done + 1)
                except Problem:
                    given_up += 1
                done += 1
                time.sleep(max(0.0, 1 - (time.monotonic() - began)))
            writers.stop()
            watcher.stop()
            times = [1000 * each for each in writers.seconds]
            table.add(
                what, len(times) / length, percentile(times, 0.5), percentile(times, 0.99),
                max(times), done, given_up, 1000 * watcher.longest,
            )  # fmt: skip
        for session in sessions:
            session.stop()
    return table


class _Writers:
    """Clients that insert a row at a time, each in a transaction of its own."""

    def __init__(self, arena: Arena) -> None:
        self.seconds: list[float] = []
        self._going = True
        self._threads = [
            threading.Thread(target=self._write, args=(arena.connect(),), daemon=True)
            for _ in range(WRITERS)
        ]
        for thread in self._threads:
            thread.start()

    def _write(self, connection: psycopg.Connection) -> None:
        while self._going:
            started = time.monotonic()
            connection.execute("insert into app.orders (note) values ('a note of a customer')")
            self.seconds.append(time.monotonic() - started)
        connection.close()

    def stop(self) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(30)


class _Watcher:
    """How long a deploy holds a lock that writers wait for."""

    def __init__(self, arena: Arena) -> None:
        self.longest = 0.0
        self._going = True
        self._connection = arena.connect()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        since = None
        while self._going:
            held = self._connection.execute(HELD).fetchone()[0]
            now = time.monotonic()
            since = (since or now) if held else None
            self.longest = max(self.longest, now - since if since else 0.0)
            time.sleep(0.002)

    def stop(self) -> None:
        self._going = False
        self._thread.join(10)
        self._connection.close()


def _deploy_with_a_reader(server: Server, arena: Arena, place: Path, version: int) -> None:
    with arena.connect(autocommit=False) as reader:
        reader.execute("select from app.newest as n limit 1")
        timer = threading.Timer(0.2, reader.rollback)
        timer.start()
        try:
            _deploy(server, arena, place, version)
        finally:
            timer.join()


def _deploy(server: Server, arena: Arena, place: Path, version: int) -> None:
    (place / "sql").mkdir(parents=True, exist_ok=True)
    (place / "rota.toml").write_text('name = "load"\n')
    for path, text in UNDER_LOAD.items():
        (place / "sql" / path).write_text(text.format(version=version))
    database = Database(server.url(arena.name), application=APPLICATION)
    deploy(database, user=config.at(place).project())
