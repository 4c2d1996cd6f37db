"""Capture of each kind of statement, by the statement and by the row."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from support_capture import Change, captured, forget, replay, rows_of

Db = psycopg.Connection[Any]
ALL = "'{INSERT,UPDATE,DELETE,TRUNCATE}'"


@pytest.fixture(params=["statement", "row"])
def watched(request: pytest.FixtureRequest, rolled_back: Db) -> Db:
    """app.t (id, name, n) with the rows 1 and 2, watched."""
    rolled_back.execute(
        "create schema app; create table app.t (id int primary key, name text, n int);"
        "insert into app.t values (1, 'one', 0), (2, 'two', 0)"
    )
    rolled_back.execute(f"select rota.watch_table('app.t', {ALL}, level => %s)", [request.param])
    return rolled_back


def row(id: int, name: str | None, n: int | None = 0) -> dict[str, Any]:
    return {"id": id, "name": name, "n": n}


ONE, TWO, THREE = row(1, "one"), row(2, "two"), row(3, "three")
STATEMENTS: dict[str, list[Change]] = {
    "insert into app.t values (3, 'three', 0)": [Change("INSERT", THREE)],
    "insert into app.t values (3, 'three', 0), (4, null, null)": [
        Change("INSERT", THREE), Change("INSERT", row(4, None, None))
    ],
    "insert into app.t select 3, 'three', 0 where false": [],
    "insert into app.t values (1, 'x', 0) on conflict do nothing": [],
    "insert into app.t values (1, 'x', 0), (3, 'three', 0) on conflict (id) do update"
    " set name = excluded.name": [
        Change("INSERT", THREE), Change("UPDATE", row(1, "x"), ONE)
    ],
    "update app.t set n = 5 where id = 2": [Change("UPDATE", row(2, "two", 5), TWO)],
    "update app.t set n = id - 1": [Change("UPDATE", row(2, "two", 1), TWO)],
    "update app.t set name = name": [],
    "update app.t set n = 1 where false": [],
    "update app.t set id = 3 where id = 1": [Change("UPDATE", row(3, "one"), ONE)],
    "update app.t set id = 3 - id, n = 0 where id < 0": [],
    "delete from app.t where id = 1": [Change("DELETE", None, ONE)],
    "delete from app.t": [Change("DELETE", None, ONE), Change("DELETE", None, TWO)],
    "truncate app.t": [Change("TRUNCATE")],
    "merge into app.t using (values (1, 'x'), (2, null), (3, 'three')) as s (id, name)"
    " on s.id = t.id when matched and s.name is null then delete"
    " when matched then update set name = s.name"
    " when not matched then insert values (s.id, s.name, 0)": [
        Change("INSERT", THREE), Change("UPDATE", row(1, "x"), ONE), Change("DELETE", None, TWO)
    ],
    "with gone as (delete from app.t where id = 1 returning *)"
    " insert into app.t select id + 2, 'three', n from gone": [
        Change("DELETE", None, ONE), Change("INSERT", THREE)
    ],
}  # fmt: skip


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement(watched: Db, statement: str) -> None:
    before = rows_of(watched, "app.t")
    watched.execute(statement)
    found = captured(watched)
    assert sorted(found, key=repr) == sorted(STATEMENTS[statement], key=repr)
    assert replay(found, before) == rows_of(watched, "app.t")


def test_copy(watched: Db) -> None:
    with watched.cursor().copy("copy app.t from stdin") as copy:
        for n in range(3, 103):
            copy.write_row((n, f"name {n}", None))
    found = captured(watched)
    assert found == [Change("INSERT", row(n, f"name {n}", None)) for n in range(3, 103)]


@pytest.mark.parametrize("count", [20, 21, 5000])
def test_many_rows(watched: Db, count: int) -> None:
    """In the order in which they were changed, whatever their number and the planner's settings."""
    watched.execute("set local enable_hashagg = off; set local enable_hashjoin = off")
    watched.execute("set local work_mem = '64kB'")
    watched.execute(
        "insert into app.t select -k, repeat('x', k %% 50), 0 from generate_series(1, %s) as k",
        [count],
    )
    inserted = captured(watched)
    assert [c.record["id"] for c in inserted] == [-k for k in range(1, count + 1)]
    forget(watched)
    done = watched.execute("update app.t set id = id - 100000, n = n + 1 where id < 0 returning id")
    updated = captured(watched)
    assert [c.record["id"] for c in updated] == [id for (id,) in done]
    assert all(c.record["id"] == c.old["id"] - 100000 for c in updated)
    forget(watched)
    watched.execute("update app.t set n = 7 where id < 0 and id %% 2 = 0", [])
    assert len(captured(watched)) == count // 2
    forget(watched)
    watched.execute("delete from app.t where id < 0")
    assert len(captured(watched)) == count


def test_a_statement_of_many_rows_is_few_rows_of_the_log(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t (id int, name text)")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute("insert into app.t select k, 'x' from generate_series(1, 10000) as k")
    rows, events, widest = rolled_back.execute(
        "select count(*), sum(events), max(octet_length(record::text)) from rota_core.event"
    ).fetchone()
    assert events == 10000
    assert rows < 100
    assert widest < 8100


def test_a_plan_made_for_a_few_rows_is_not_kept_for_many(rolled_back: Db) -> None:
    """What it did was quadratic; no time is asserted, the test would just not end."""
    rolled_back.execute("create schema app; create table app.t (id int primary key, n int)")
    rolled_back.execute("insert into app.t select k, 0 from generate_series(1, 50000) as k")
    rolled_back.execute("select rota.watch_table('app.t')")
    for n in range(10):
        rolled_back.execute("update app.t set n = 1 where id = %s", [n])
    forget(rolled_back)
    rolled_back.execute("set local statement_timeout = '60 s'")
    rolled_back.execute("update app.t set n = n + 2")
    assert len(captured(rolled_back)) == 50000


def test_the_writer_keeps_its_settings(rolled_back: Db) -> None:
    names = (
        "select s.name, s.setting from pg_settings as s where s.name ~ '^(enable|work|jit|plan)'"
    )
    before = rolled_back.execute(names).fetchall()
    rolled_back.execute("create schema app; create table app.t (id int primary key, n int)")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute("insert into app.t select k, 0 from generate_series(1, 500) as k")
    rolled_back.execute("update app.t set n = n + 1")
    assert rolled_back.execute("select sum(events) from rota_core.event").fetchone()[0] >= 1000
    assert rolled_back.execute(names).fetchall() == before


def test_wide_rows(rolled_back: Db) -> None:
    """Wider than a row of the log likes, and of very different width."""
    rolled_back.execute("create schema app; create table app.t (id int, body text)")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute(
        "insert into app.t select k, repeat(md5(k::text), case when k > 90 then 20000 else k end)"
        " from generate_series(1, 100) as k"
    )
    rolled_back.execute("update app.t set id = id + 1")
    found = captured(rolled_back)
    assert [c.record["id"] for c in found] == [*range(1, 101), *range(2, 102)]
    assert replay(found) == rows_of(rolled_back, "app.t")


def test_rows_that_cascades_change_twice(rolled_back: Db) -> None:
    rolled_back.execute(
        "create schema app;"
        "create table app.parent (id int primary key);"
        "create table app.t (id int primary key, a int references app.parent on update cascade,"
        " b int references app.parent on update cascade on delete set null);"
        "insert into app.parent values (1), (2); insert into app.t values (1, 1, 1), (2, 1, 2);"
    )
    rolled_back.execute("select rota.watch_table('app.t')")
    before = rows_of(rolled_back, "app.t")
    rolled_back.execute("update app.parent set id = id + 10")
    found = captured(rolled_back)
    assert len(found) == 4
    assert replay(found, before) == rows_of(rolled_back, "app.t")


def test_a_table_that_refers_to_itself(rolled_back: Db) -> None:
    rolled_back.execute(
        "create schema app; create table app.t (id int primary key,"
        " up int references app.t on update cascade on delete cascade);"
    )
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute(
        "insert into app.t select k, nullif(k - 1, 0) from generate_series(1, 30) k"
    )
    rolled_back.execute("update app.t set id = -id where id = 10")
    rolled_back.execute("delete from app.t where id = 5")
    found = captured(rolled_back)
    assert replay(found) == rows_of(rolled_back, "app.t")
    assert sum(c.type == "DELETE" for c in found) == 26


NESTED = """
create function app.again() returns trigger language plpgsql as $$ begin
  update app.t set n = 100 where id = new.id and n is distinct from 100;
  return null;
end $$;
create trigger again after insert on app.t for each row execute function app.again();
"""


def test_triggers_that_change_rows_again(watched: Db) -> None:
    """By the row in the order of what happened; by the statement the outer comes last."""
    watched.execute(NESTED)
    watched.execute("insert into app.t values (3, 'three', 0)")
    insert, update = Change("INSERT", THREE), Change("UPDATE", row(3, "three", 100), THREE)
    level = watched.execute("select level from rota.watches").fetchone()[0]
    assert captured(watched) == ([insert, update] if level == "row" else [update, insert])


def test_replicated_changes_are_not_captured(watched: Db) -> None:
    watched.execute("set local session_replication_role = replica")
    watched.execute("delete from app.t")
    assert captured(watched) == []


def test_a_rolled_back_change_is_none(watched: Db) -> None:
    with watched.transaction(force_rollback=True):
        watched.execute("delete from app.t")
    assert captured(watched) == []


def test_no_more_after_unwatching(watched: Db) -> None:
    watched.execute("select rota.unwatch_table('app.t')")
    watched.execute("delete from app.t")
    assert captured(watched) == []
    assert watched.execute("select count(*) from rota.watches").fetchone() == (0,)
    left = "select count(*) from pg_proc where proname ~ '^capture_[0-9]+'"
    assert watched.execute(left).fetchone() == (0,)
    watched.execute("select rota.watch_table('app.t')")
    watched.execute("insert into app.t values (1, 'one', 0)")
    assert captured(watched) == [Change("INSERT", ONE)]
