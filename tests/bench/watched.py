"""A table that an application writes to, once for each way of capturing its changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.arena import Arena
from bench.peers import pgq

TABLES = """
create schema app;
create table app.users (id bigint primary key);
insert into app.users select generate_series(1, 1000);
"""
TABLE = """
create table app.{name} (
  id         bigint generated always as identity primary key,
  user_id    bigint not null references app.users (id),
  message    text not null,
  created_at timestamptz not null default now(),
  read_at    timestamptz
) with (autovacuum_enabled = off);
create index on app.{name} (user_id);
create index on app.{name} (created_at);
"""
INSERT = """
insert into app.{name} (user_id, message)
select 1 + i %% 1000, 'Message ' || i || ' of an application to the one whom it is for'
from generate_series(1, %s) as i
"""
UPDATE = "update app.{name} set read_at = now()"
ONE_INSERT = r"""
\set u random(1, 1000)
insert into app.{name} (user_id, message)
values (:u, 'Message ' || :u || ' of an application to the one whom it is for');
"""
ONE_UPDATE = r"""
\set id random(1, {rows})
update app.{name} set read_at = now() where id = :id;
"""
LOG_BY_HAND = """
create table app.log (
  log_id  bigint generated always as identity primary key,
  xid     xid8 not null default pg_current_xact_id(),
  at      timestamptz not null default clock_timestamp(),
  source  text not null,
  type    text not null,
  new_row jsonb,
  old_row jsonb
) with (autovacuum_enabled = off);
create index on app.log (xid);
create function app.log_row() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  insert into app.log (source, type, new_row, old_row)
  values (
    tg_relid::regclass::text, tg_op, to_jsonb(new),
    case when tg_op = 'UPDATE' then to_jsonb(old) end
  );
  return null;
end $$;
"""
TRIGGER = """
create trigger captured after insert or update on app.{name}
for each row execute function {function}
"""


@dataclass(frozen=True)
class Way:
    """A way of capturing: how it is set up, and how many events it has written."""

    title: str
    name: str
    set_up: Callable[[Arena, str], None] = lambda arena, name: None
    forget: str = "select"
    written: str | None = None
    bulk: bool = True


def _watch(level: str) -> Callable[[Arena, str], None]:
    def set_up(arena: Arena, name: str) -> None:
        arena.run(
            "select rota.watch_table(%s, operations => '{INSERT,UPDATE}', level => %s)",
            f"app.{name}", level,
        )  # fmt: skip

    return set_up


def _by_hand(arena: Arena, name: str) -> None:
    arena.run(LOG_BY_HAND)
    arena.run(TRIGGER.format(name=name, function="app.log_row()"))


def _pgq(arena: Arena, name: str) -> None:
    pgq.set_up(arena)
    arena.run(TRIGGER.format(name=name, function=f"pgq.jsontriga('{pgq.QUEUE}')"))


NOTHING = Way("no capture", "plain")
ROTA = Way(
    "rota", "rota", _watch("statement"), "truncate rota_core.event",
    "select coalesce(sum(events), 0) from rota_core.event",
)  # fmt: skip
WAYS = [
    NOTHING,
    ROTA,
    Way("rota, level row", "rota_rows", _watch("row"), ROTA.forget, ROTA.written, bulk=False),
    Way(
        "row trigger, jsonb, by hand", "by_hand", _by_hand, "truncate app.log",
        "select count(*) from app.log",
    ),
]  # fmt: skip
PGQ = Way("PgQ, jsontriga", "pgq", _pgq, pgq.FORGET, pgq.COUNT)


def prepare(arena: Arena, with_peers: bool, say: Callable[[str], None]) -> list[Way]:
    """Make the tables of all ways that can be had here."""
    ways = [*WAYS, *([PGQ] if with_peers and pgq.is_there(arena.server, say) else [])]
    arena.run(TABLES)
    for way in ways:
        arena.run(TABLE.format(name=way.name))
        way.set_up(arena, way.name)
    return ways


def clear(arena: Arena, way: Way) -> None:
    arena.run(f"truncate app.{way.name} restart identity")
    arena.run(way.forget)


def fill(arena: Arena, way: Way, rows: int) -> None:
    """Rows to be updated, with nothing left to do for anybody but the update."""
    clear(arena, way)
    arena.run(INSERT.format(name=way.name), rows)
    arena.run(way.forget)
    arena.run(f"vacuum analyze app.{way.name}")


def check(arena: Arena, way: Way, rows: int) -> None:
    """A way that loses events is not measured."""
    if way.written is not None and arena.value(way.written) != rows:
        raise RuntimeError(f"{way.title}: {arena.value(way.written)} events of {rows} rows")
