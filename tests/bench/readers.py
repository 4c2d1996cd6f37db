"""Subscriptions whose handlers do nothing, or fill a table, and what a log is drained with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from bench.arena import Arena, Session
from bench.processes import session_seconds

EMITTED = "bench.emitted"
CAPTURED = "app.captured"
PAYLOAD = '{"a": 1, "type": "INSERT", "record": {"id": 1, "customer_id": 2}}'
HANDLERS = """
create table bench.sink (event_id bigint, topic text, record jsonb)
with (autovacuum_enabled = off);
grant insert on bench.sink to public;
create function bench.each_noop(event jsonb) returns void language plpgsql as $$begin end$$;
create function bench.all_noop(events jsonb) returns void language plpgsql as $$begin end$$;
create function bench.each_sink(event jsonb) returns void language plpgsql as $$
begin
  insert into bench.sink
  values ((event ->> 'event_id')::bigint, event ->> 'topic', event -> 'record');
end $$;
create function bench.all_sink(events jsonb) returns void language plpgsql as $$
begin
  insert into bench.sink
  select (e ->> 'event_id')::bigint, e ->> 'topic', e -> 'record'
  from jsonb_array_elements(events) as e;
end $$;
select rota.define_task('each-noop', 'bench.each_noop');
select rota.define_task('each-sink', 'bench.each_sink');
select rota.define_task('all-noop', 'bench.all_noop', kind => 'batch');
select rota.define_task('all-sink', 'bench.all_sink', kind => 'batch');
create schema app;
create table app.captured (
  id         bigint generated always as identity primary key,
  user_id    bigint not null,
  message    text not null,
  created_at timestamptz not null default now(),
  read_at    timestamptz
);
select rota.watch_table('app.captured');
"""
EMIT = "select count(rota.emit(%s, 'noop', %s)) from generate_series(1, %s)"
CAPTURE = """
insert into app.captured (user_id, message)
select 1 + i %% 1000, 'Message ' || i || ' of an application to the one whom it is for'
from generate_series(1, %s) as i
"""
SUBSCRIBE = "select rota.subscribe(%s, %s, %s, since => 'earliest', mode => %s, shards => %s)"
DELIVERED = "select coalesce(sum(delivered), 0)::bigint from rota_core.event_position"
# Row versions that vacuum must remove, of rota's own tables.
DEAD = """
select coalesce(sum(n_tup_upd + n_tup_del), 0)::bigint
from pg_stat_user_tables where schemaname = 'rota_core'
"""


class Read(NamedTuple):
    """What it took to deliver one event."""

    seconds: float
    cpu: float
    wal: float
    dead: float

    @property
    def rate(self) -> float:
        return 1 / self.seconds


def prepare(arena: Arena) -> None:
    arena.run(HANDLERS)


def emit(arena: Arena, events: int, some: int = 100_000) -> None:
    for done in range(0, events, some):
        arena.run(EMIT, EMITTED, PAYLOAD, min(some, events - done))


def capture(arena: Arena, events: int, some: int = 500_000) -> None:
    for done in range(0, events, some):
        arena.run(CAPTURE, min(some, events - done))
        arena.run("truncate app.captured")


def forget(arena: Arena) -> None:
    arena.run("truncate rota_core.event, bench.sink")


def settle(arena: Arena) -> None:
    """Fresh statistics, hint bits set, and no checkpoint that falls into the measurement."""
    arena.run("vacuum analyze rota_core.event")
    arena.run("analyze rota_core.run, rota_core.finished_run, rota_core.event_position")
    arena.run("checkpoint")


@contextmanager
def subscribed(
    arena: Arena, topic: str, task: str, names: Sequence[str] = ("reader",), shards: int = 1
) -> Iterator[None]:
    """Subscriptions to all that the log has, and their end."""
    mode = "batch" if task.startswith("all") else "event"
    for name in names:
        arena.run(SUBSCRIBE, name, topic, task, mode, shards)
    arena.run("truncate bench.sink")
    arena.run("analyze rota_core.event_position")
    arena.run("checkpoint")
    try:
        yield
    finally:
        for name in names:
            arena.run("select rota.unsubscribe(%s)", name)
        arena.run("truncate rota_core.run, rota_core.finished_run, rota_core.worker")


def drain(arena: Arena, deliveries: int, workers: int = 1) -> Read:
    """What so many workers take to deliver all that there is."""
    dead, written, started = arena.value(DEAD), arena.wal(), time.perf_counter()
    with arena.working(workers) as sessions:
        seconds = _wait_delivered(arena, sessions, deliveries) - started
        used = sum(session_seconds(session.pid) for session in sessions)
        written = arena.wal() - written
    dead = arena.value(DEAD) - dead
    return Read(*[total / deliveries for total in (seconds, used, written, dead)])


def _wait_delivered(
    arena: Arena, sessions: Sequence[Session], deliveries: int, timeout: float = 3_600
) -> float:
    deadline = time.perf_counter() + timeout
    pause = 0.005
    while (now := time.perf_counter()) < deadline:
        done = arena.value(DELIVERED)
        if done == deliveries:
            return now
        if done > deliveries:
            raise RuntimeError(f"{done} events were delivered of {deliveries}")
        for session in sessions:
            session.check()
        time.sleep(pause)
    raise TimeoutError(f"{arena.value(DELIVERED)} of {deliveries} were delivered")
