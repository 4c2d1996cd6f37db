"""Topics, handlers that write down what they are given, and readers that are run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from harness import Clone

# What a reader's run does, once, for the subscription note.
DELIVER = 'select rota_core.deliver(\'{"subscription": "note", "shard": 0}\', null)'
SCHEMA = """
create schema app;
grant usage on schema app to public;
create table app.got (
  got_id bigint generated always as identity, who text, n int, event_id bigint,
  at timestamptz default clock_timestamp(), pid int default pg_backend_pid()
);
create table app.bad (n int primary key, message text);
-- The number that a sequence has before its first use counts as given out.
select nextval('rota_core.event_id');
grant select, insert on app.got to rota_worker;
grant select on app.bad to rota_worker;
"""
EACH = """
create or replace function app."{name}"(event jsonb) returns void language plpgsql as $handler$
declare
  v_n int := event -> 'payload' ->> 'n';
begin
  if exists (select from app.bad as b where b.n = v_n) then
    raise exception 'bad event %', v_n;
  end if;
  {body}
  insert into app.got (who, n, event_id)
  values ('{name}', v_n, (event ->> 'event_id')::bigint);
end $handler$
"""
ALL = """
create or replace function app."{name}"(events jsonb) returns void language plpgsql as $handler$
begin
  if exists (
    select from app.bad as b
    where b.n in (select (e -> 'payload' ->> 'n')::int from jsonb_array_elements(events) as e)
  ) then
    raise exception 'a bad event among %', jsonb_array_length(events);
  end if;
  {body}
  insert into app.got (who, n, event_id)
  select '{name}', (e -> 'payload' ->> 'n')::int, (e ->> 'event_id')::bigint
  from jsonb_array_elements(events) as e;
end $handler$
"""


def prepare(database: Clone) -> Clone:
    database.run(SCHEMA)
    return database


def handler(app: Clone, name: str, kind: str = "call", body: str = "", **policy: Any) -> str:
    """A task whose handler notes in app.got what it is given, and fails for what is in app.bad."""
    app.run((ALL if kind == "batch" else EACH).format(name=name, body=body))
    policy = {"max_attempts": 3, "initial_delay": "0.05 s", **policy}
    given = "".join(f", {key} => %s" for key in policy)
    app.run(
        f"select rota.define_task(%s, %s, kind => %s{given})",
        name, f'app."{name}"', kind, *policy.values(),
    )  # fmt: skip
    return name


def subscribe(app: Clone, task: str | None, topic: str, name: str | None = None, **how: Any) -> str:
    given = "".join(f", {key} => %s" for key in how)
    return app.value(
        f"select rota.subscribe(%s, %s, %s{given})", name or task, topic, task, *how.values()
    )


def emit(app: Clone | psycopg.Connection[Any], topic: str, n: int, key: str | None = None) -> int:
    statement = "select rota.emit(%s, 'test', %s, %s)"
    values = (topic, Jsonb({"n": n}), key)
    if isinstance(app, Clone):
        return app.value(statement, *values)
    return app.execute(statement, values).fetchone()[0]


def emit_many(app: Clone, topic: str, count: int, first: int = 0, keys: int = 0) -> None:
    """Events first, first + 1, ... in one transaction, with keys k0, k1, ... if any."""
    app.run(
        "select rota.emit(%s, 'test', jsonb_build_object('n', g.n),"
        " case when %s::int > 0 then 'k' || g.n %% nullif(%s::int, 0) end)"
        " from generate_series(%s::int, %s::int) as g (n)",
        topic, keys, keys, first, first + count - 1,
    )  # fmt: skip


def drain(app: Clone, seconds: float = 0.15) -> None:
    """Let a worker look for news and work, until nothing is left to do or to try again now."""
    with app.connect("rota_worker") as connection:
        for _ in range(100):
            connection.execute(f"call rota.work(budget => '{seconds} s', poll => '5 ms')")
            if not app.value("select count(*) from rota_core.run"):
                return
    raise AssertionError("the readers come to no end")


def delivered(app: Clone, who: str | None = None) -> list[int]:
    """What was noted, in the order of the notes."""
    rows = app.run(
        "select g.n from app.got as g where %s::text is null or g.who = %s order by g.got_id",
        who, who,
    )  # fmt: skip
    return [row[0] for row in rows]


@contextmanager
def open_session(app: Clone) -> Iterator[psycopg.Connection[Any]]:
    """A session in a transaction, rolled back at the end."""
    with app.connect(autocommit=False) as session:
        yield session
        if not session.closed:
            session.rollback()
