"""Partitioned tables, written through the root and directly, and inheritance."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from harness import Clone
from support_capture import Change, captured, forget, replay, rows_of

Db = psycopg.Connection[Any]
GIVEN = """
create schema app;
create table app.m (id int, at int, v text, primary key (id, at)) partition by range (at);
create table app.m1 (v text, gone int, at int not null, id int not null);
alter table app.m1 drop gone;
alter table app.m attach partition app.m1 for values from (0) to (100);
create table app.m2 partition of app.m for values from (100) to (200) partition by list (id);
create table app.m2a partition of app.m2 for values in (1, 2, 3);
create table app.m2b partition of app.m2 default;
insert into app.m values (1, 10, 'a'), (2, 110, 'b'), (9, 150, 'c');
"""


@pytest.fixture(params=["statement", "row"])
def watched(request: pytest.FixtureRequest, rolled_back: Db) -> Db:
    rolled_back.execute("set plpgsql_check.profiler = off")
    rolled_back.execute(GIVEN)
    rolled_back.execute(
        "select rota.watch_table('app.m', '{INSERT,UPDATE,DELETE,TRUNCATE}', level => %s)",
        [request.param],
    )
    return rolled_back


def row(id: int, at: int, v: str) -> dict[str, Any]:
    return {"id": id, "at": at, "v": v}


def in_part(partition: str, each: Any) -> bool:
    return {"app.m1": each["at"] < 100, "app.m2": each["at"] >= 100,
            "app.m2a": each["at"] >= 100 and each["id"] < 4,
            "app.m2b": each["at"] >= 100 and each["id"] >= 4}[partition]  # fmt: skip


STATEMENTS = [
    "insert into app.m values (3, 20, 'x'), (3, 120, 'y'), (30, 130, 'z')",
    "insert into app.m1 (id, at, v) values (3, 20, 'x')",
    "insert into app.m2b values (30, 120, 'x')",
    "insert into app.m2 values (30, 120, 'x'), (1, 130, 'y')",
    "update app.m set v = v || '!'",
    "update app.m1 set v = 'x'",
    "update app.m2 set v = 'x'",
    "update app.m set at = at + 95 where id = 1",
    "update app.m set at = 209 - at where at < 110 or at > 120 and at < 200",
    "update app.m2 set id = 12 - id",
    "delete from app.m where at > 20",
    "delete from app.m2a",
    "truncate app.m",
    "truncate app.m1",
    "truncate app.m2",
    "truncate app.m2b, app.m1",
    "truncate app.m2a, app.m2",
    "insert into app.m values (1, 10, 'x'), (1, 11, 'y') on conflict (id, at) do update"
    " set v = excluded.v",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement(watched: Db, statement: str) -> None:
    before = rows_of(watched, "app.m")
    watched.execute(statement)
    assert replay(captured(watched), before, in_part) == rows_of(watched, "app.m")


def test_a_truncate_is_one_event_that_says_what_was_emptied(watched: Db) -> None:
    whole = Change("TRUNCATE")
    for statement, events in {
        "truncate app.m": [whole],
        "truncate app.m1": [Change("TRUNCATE", None, {"partition": "app.m1"})],
        "truncate app.m2": [Change("TRUNCATE", None, {"partition": "app.m2"})],
        "truncate app.m; truncate app.m1; truncate app.m": [
            whole, Change("TRUNCATE", None, {"partition": "app.m1"}), whole
        ],
    }.items():  # fmt: skip
        watched.execute(statement)
        assert captured(watched) == events
        forget(watched)


def test_a_move_to_another_partition(watched: Db) -> None:
    watched.execute("update app.m set at = 105 where id = 1")
    old, new = row(1, 10, "a"), row(1, 105, "a")
    level = watched.execute("select level from rota.watches").fetchone()[0]
    assert captured(watched) == (
        [Change("UPDATE", new, old)]
        if level == "statement"
        else [Change("DELETE", None, old), Change("INSERT", new)]
    )


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("key", ["null", "'{}'"])
def test_a_move_that_a_trigger_swallows(rolled_back: Db, many: bool, key: str) -> None:
    """The row is gone, and the rows after it must not be taken for each other."""
    rolled_back.execute("set plpgsql_check.profiler = off")
    rolled_back.execute(GIVEN)
    rolled_back.execute(
        "create function app.swallow() returns trigger language plpgsql as"
        " $$ begin if new.id = 2 then return null; end if; return new; end $$;"
        "create trigger swallow before insert on app.m1 for each row execute function app.swallow()"
    )
    if many:
        rolled_back.execute(
            "insert into app.m select k, 101 + k % 3, 'x' from generate_series(10, 60) as k"
        )
    rolled_back.execute(f"select rota.watch_table('app.m', key => {key})")
    before = rows_of(rolled_back, "app.m")
    rolled_back.execute("update app.m set at = 5 where id = 2 or id = 9 or id % 2 = 0")
    rolled_back.execute("update app.m set v = 'z', at = case id when 2 then 5 else at end")
    found = captured(rolled_back)
    assert Change("DELETE", None, row(2, 110, "b")) in found
    assert replay(found, before) == rows_of(rolled_back, "app.m")


def test_new_partitions(database: Clone) -> None:
    database.run(GIVEN)
    database.run("select rota.watch_table('app.m', '{INSERT,TRUNCATE}')")
    database.run("create table app.m3 partition of app.m for values from (200) to (300)")
    gap = "select status, detail, hint from rota.health where check_name = 'watches'"
    assert database.run(gap) == [
        ("critical", "changes are not captured, for want of a trigger: app.m3 (insert),"
         " app.m3 (truncate)", "select rota_core.cover_watch('app.m'::regclass);")
    ]  # fmt: skip
    assert database.value("select state from rota.watches") == "partial"
    database.run("insert into app.m values (1, 200, 'through the root')")
    with database.connect("rota_worker") as supervisor:
        supervisor.execute("select rota_core.tend_watches()")
    assert database.value("select state from rota.watches") == "active"
    assert database.run(gap)[0][0] == "ok"
    database.run("insert into app.m3 values (2, 200, 'directly')")
    database.run("alter table app.m detach partition app.m3")
    database.run("insert into app.m3 values (3, 200, 'no longer ours')")
    with database.connect() as connection:
        assert [c.record["v"] for c in captured(connection)] == ["through the root", "directly"]
    database.run("select rota.unwatch_table('app.m')")
    left = "select count(*) from pg_trigger where tgname like '00_rota%'"
    assert database.value(left) == 0


def test_the_supervisor_never_waits_for_a_writer(database: Clone) -> None:
    database.run(GIVEN)
    database.run("select rota.watch_table('app.m')")
    database.run("create table app.m3 partition of app.m for values from (200) to (300)")
    with database.connect(autocommit=False) as writer:
        writer.execute("insert into app.m3 values (1, 200, 'x')")
        database.run("set statement_timeout = '20 s'; select rota_core.tend_watches()")
    assert database.value("select state from rota.watches") == "partial"
    database.run("select rota_core.tend_watches()")
    assert database.value("select state from rota.watches") == "active"


def test_who_is_no_deployer_covers_partitions_by_hand(rolled_back: Db) -> None:
    notices: list[str] = []
    rolled_back.add_notice_handler(
        lambda n: notices.append(f"{n.message_primary} {n.message_hint}")
    )
    rolled_back.execute(GIVEN)
    rolled_back.execute(
        "create role owns nologin; grant rota_admin to owns;"
        "grant usage on schema app to owns; alter table app.m owner to owns;"
        "alter table app.m1 owner to owns; alter table app.m2 owner to owns;"
        "alter table app.m2a owner to owns; alter table app.m2b owner to owns; set local role owns"
    )
    rolled_back.execute("select rota.watch_table('app.m')")
    assert notices == [
        "new partitions of app.m will not be watched by themselves When there are some:"
        " select rota_core.cover_watch('app.m'::regclass);"
    ]
    rolled_back.execute("reset role")
    rolled_back.execute("create table app.m3 partition of app.m for values from (200) to (300)")
    rolled_back.execute("alter table app.m3 owner to owns; set local role owns")
    assert rolled_back.execute("select rota_core.cover_watch('app.m'::regclass)").fetchone() == (3,)


INHERITANCE = """
create schema app;
create table app.p (id int primary key, v text);
create table app.c (more int) inherits (app.p);
"""


def test_children_that_inherit(rolled_back: Db) -> None:
    rolled_back.execute(INHERITANCE)
    for table in ("p", "c"):
        wrong = psycopg.errors.InvalidParameterValue
        with pytest.raises(wrong) as refused, rolled_back.transaction():
            rolled_back.execute(f"select rota.watch_table('app.{table}')")
        assert refused.value.diag.message_hint == (
            f"select rota.watch_table('app.{table}', level => 'row');"
        )
    rolled_back.execute("select rota.watch_table('app.p', level => 'row')")
    rolled_back.execute("insert into app.p values (1, 'p'); insert into app.c values (2, 'c', 5)")
    rolled_back.execute("update app.p set v = upper(v)")
    rolled_back.execute("delete from app.c")
    p, c = {"id": 1, "v": "p"}, {"id": 2, "v": "c", "more": 5}
    assert captured(rolled_back) == [
        Change("INSERT", p), Change("INSERT", c),
        Change("UPDATE", p | {"v": "P"}, p), Change("UPDATE", c | {"v": "C"}, c),
        Change("DELETE", None, c | {"v": "C"}),
    ]  # fmt: skip


def test_a_child_that_leaves(rolled_back: Db) -> None:
    rolled_back.execute(INHERITANCE)
    rolled_back.execute("select rota.watch_table('app.p', level => 'row')")
    rolled_back.execute("alter table app.c no inherit app.p")
    rolled_back.execute("insert into app.c values (2, 'c', 5)")
    assert captured(rolled_back) == []
