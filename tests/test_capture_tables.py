"""Tables of every shape, and what happens to them after they are watched."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from harness import Clone
from support_capture import captured, replay, rows_of

Db = psycopg.Connection[Any]
TYPES = """
create schema app;
create type app.mood as enum ('low', 'high');
create type app.pair as (a int, b text);
create domain app.positive as int check (value > 0);
create function app.mood_json(app.mood) returns json immutable language sql as
  $$ select json_build_object('mood', $1::text, 'by', current_user) $$;
create cast (app.mood as json) with function app.mood_json(app.mood);
create table app.t (
  id bigint generated always as identity primary key,
  double_id bigint generated always as (n * 2) stored,
  n int, mood app.mood, pair app.pair, pairs app.pair[], d app.positive, ints int[], j json,
  jb jsonb, b bytea, r int4range, tr tstzrange, mr int4multirange, p point, x xml, ip inet,
  m money, iv interval, f float8, num numeric, ts timestamp, tz timestamptz, day date, u uuid,
  bits bit(3), v tsvector, bool boolean, c char(5)
);
"""
ROW = """
insert into app.t (n, mood, pair, pairs, d, ints, j, jb, b, r, tr, mr, p, x, ip, m, iv, f, num, ts,
  tz, day, u, bits, v, bool, c)
select k, 'high', '(1,"x y")'::app.pair, '{"(1,)"}'::app.pair[], 3, '{1,null,3}', '{"a": [1]}',
  '{"b": {"c": null}}', '\\xdeadbeef', '[1,5)', '[2026-01-01,2026-02-01)', '{[1,2),[5,6)}', '(1,2)',
  '<a>1</a>', '10.0.0.1', 5, '1 mon 2 days', 0.1::float8 + 0.2::float8, 1.50, '2026-01-01 12:00',
  '2026-01-01 12:00+00', '2026-01-01', gen_random_uuid(), B'101', 'a fat cat', true, 'ab'
from generate_series(1, {count}) as k
"""


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("level", ["statement", "row"])
def test_every_type(rolled_back: Db, level: str, count: int) -> None:
    rolled_back.execute(TYPES)
    rolled_back.execute("select rota.watch_table('app.t', level => %s)", [level])
    rolled_back.execute(ROW.replace("{count}", str(count)))
    rolled_back.execute("insert into app.t default values")
    rolled_back.execute("update app.t set j = '{}', p = null, x = null, num = 1.500, n = n + 1")
    rolled_back.execute("delete from app.t where id % 3 = 1")
    # A cast that a user wrote runs when rows become JSON: never with the rights of the engine.
    found = captured(rolled_back)
    runs_as = {c.record["mood"].pop("by") for c in found if c.record and c.record["mood"]}
    assert runs_as == {"rota_capture"}
    for change in found:
        if change.old and change.old["mood"]:
            change.old["mood"].pop("by", None)
    rolled_back.execute(
        "create or replace function app.mood_json(app.mood) returns json immutable language sql as"
        " $$ select json_build_object('mood', $1::text) $$; set local timezone = 'UTC'"
    )
    assert replay(found) == rows_of(rolled_back, "app.t")
    assert found[0].record["f"] == 0.30000000000000004


def test_the_writers_settings_do_not_show(rolled_back: Db) -> None:
    rolled_back.execute(
        "create schema app; create table app.t (tz timestamptz, r tstzrange, b bytea, f float8,"
        " iv interval, d date, ds date[])"
    )
    rolled_back.execute("select rota.watch_table('app.t')")
    insert = (
        "insert into app.t values ('2026-02-01 12:00+00', '[2026-02-01 12:00+00,)', '\\xff', 0.1,"
        " '1 day 2 hours', '2026-02-01', '{2026-02-01}')"
    )
    rolled_back.execute(insert)
    rolled_back.execute(
        "set local timezone = 'Asia/Tokyo'; set local bytea_output = 'escape';"
        "set local extra_float_digits = -5; set local intervalstyle = 'iso_8601';"
        "set local search_path = app"
    )
    rolled_back.execute(insert.replace("app.t", "t"))
    rolled_back.execute("set local datestyle = 'SQL, DMY'")
    rolled_back.execute(insert.replace("2026-02-01", "01/02/2026"))
    first, *others = [c.record for c in captured(rolled_back)]
    assert others == [first, first]


HOSTILE = ["n", "o", "t", "u", "x", "r", "k", "p", "new", "old", "rota_new", "rota_old", "v_record",
           "v_known", "v_ids", "c1", "tg_op", "a b", 'q"q', "it's", "ü", "select", "%", "\\", "g",
           "y", "w", "z", "events", "record", "event_id", "e" * 63]  # fmt: skip


OPTIONS = [
    "", ", exclude => '{x}'", ", condition => 'new.n is distinct from 99'",
    ", columns => array['n', 'new', 'q\"q', 'it''s']",
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("level", ["statement", "row"])
def test_columns_with_any_name(rolled_back: Db, level: str, options: str) -> None:
    names = ['"' + name.replace('"', '""') + '"' for name in HOSTILE]
    columns = ", ".join(f"{name} int" for name in names).replace("%", "%%")
    rolled_back.execute(f'create schema "a.B"; create table "a.B"."t\'s" ({columns})', [])
    target = """'"a.B"."t''s"'"""
    rolled_back.execute(f"select rota.watch_table({target}, level => '{level}'{options})")
    for count in (1, 30):
        rolled_back.execute(
            f'insert into "a.B"."t\'s" select {", ".join("k" for _ in names)}'
            f" from generate_series(1, {count}) as k"
        )
        rolled_back.execute('update "a.B"."t\'s" set n = n + 1, "new" = "new" + 1')
        rolled_back.execute('delete from "a.B"."t\'s"')
    found = captured(rolled_back, "a.B.t's")
    assert len(found) == 31 * 3
    kept = set(HOSTILE) - ({"x"} if "exclude" in options else set())
    for change in found:
        for side in (change.record, change.old):
            assert side is None or set(side) == kept
    assert rolled_back.execute("select name, topic, state from rota.watches").fetchone() == (
        "a.B.t's", "a.B.t's", "active",
    )  # fmt: skip


def test_a_table_without_columns(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t ()")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute("insert into app.t default values; delete from app.t")
    assert [(c.type, c.record, c.old) for c in captured(rolled_back)] == [
        ("INSERT", {}, None), ("DELETE", None, {}),
    ]  # fmt: skip


@pytest.mark.parametrize("level", ["statement", "row"])
def test_columns_that_come_and_go(rolled_back: Db, level: str) -> None:
    rolled_back.execute("create schema app; create table app.t (id int, gone int, n int)")
    rolled_back.execute("alter table app.t drop gone")
    rolled_back.execute("select rota.watch_table('app.t', level => %s)", [level])
    for change in (
        "add a text default 'a'", "drop n", "add n text", "rename a to b", "alter b type varchar",
        "add g int generated always as (id * 2) stored", "drop g",
    ):  # fmt: skip
        rolled_back.execute("insert into app.t (id) select k from generate_series(1, 3) as k")
        rolled_back.execute("insert into app.t (id) select k from generate_series(1, 30) as k")
        rolled_back.execute("update app.t set id = id + 1")
        found = captured(rolled_back)
        assert replay(found) == rows_of(rolled_back, "app.t")
        rolled_back.execute("delete from app.t; delete from rota_core.event")
        rolled_back.execute(f"alter table app.t {change}")


def test_a_table_that_moves_keeps_its_topic(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create schema attic; create table app.t (id int)")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute("alter table app.t rename to u; alter table app.u set schema attic")
    rolled_back.execute("insert into attic.u values (1)")
    assert len(captured(rolled_back, "app.t")) == 1
    rolled_back.execute("select rota_core.tend_watches()")
    now = "select schema_name, table_name, topic from rota_core.watch"
    assert rolled_back.execute(now).fetchall() == [("attic", "u", "app.t")]
    assert rolled_back.execute("select name from rota.watches").fetchall() == [("attic.u",)]
    rolled_back.execute("select rota.unwatch_table('attic.u')")


def test_a_table_that_is_dropped(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t (id int) partition by list (id)")
    rolled_back.execute("create table app.t1 partition of app.t default")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute("drop table app.t")
    assert rolled_back.execute("select count(*) from rota.watches").fetchone() == (0,)
    status = "select status from rota.health where check_name like 'watch%'"
    assert rolled_back.execute(status).fetchall() == [("ok",), ("ok",)]
    rolled_back.execute("select rota_core.tend_watches()")
    ended = "select ended_at is not null from rota_core.watch"
    assert rolled_back.execute(ended).fetchall() == [(True,)]
    functions = "select count(*) from pg_proc where proname ~ '^capture_[0-9]'"
    assert rolled_back.execute(functions).fetchone() == (0,)


def test_a_disabled_trigger_shows(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t (id int)")
    rolled_back.execute("select rota.watch_table('app.t')")
    rolled_back.execute('alter table app.t disable trigger "00_rota_insert"')
    health = "select status, detail, hint from rota.health where check_name = 'watches'"
    assert rolled_back.execute(health).fetchone() == (
        "critical", "changes are not captured, for want of a trigger: app.t (insert, disabled)",
        'alter table app.t enable trigger "00_rota_insert";',
    )  # fmt: skip
    rolled_back.execute("insert into app.t values (1); alter table app.t disable trigger user")
    assert captured(rolled_back) == []
    assert rolled_back.execute("select state from rota.watches").fetchone() == ("disabled",)
    rolled_back.execute("alter table app.t enable trigger user")
    assert rolled_back.execute("select state from rota.watches").fetchone() == ("active",)


def test_a_deploy_that_changes_how_functions_are_written(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t (id int)")
    rolled_back.execute("select rota.watch_table('app.t', '{INSERT}')")
    sources = "select prosrc, proowner::regrole::text from pg_proc where proname ~ '^capture_[0-9]'"
    (before,) = rolled_back.execute(sources).fetchall()
    (definition,) = rolled_back.execute(
        "select pg_get_functiondef('rota_core.capture_few(jsonb, text)'::regprocedure)"
    ).fetchone()
    rolled_back.execute(definition.replace("limit 21", "limit 22").replace("%", "%%"), [])
    rolled_back.execute("select rota_core.tend_watches()")
    (after,) = rolled_back.execute(sources).fetchall()
    assert ["limit 22" in source for source, _ in (before, after)] == [False, True]
    assert after[1] == before[1] == "rota_capture"
    rolled_back.execute("insert into app.t values (1)")
    assert len(captured(rolled_back)) == 1


def test_truncating_a_table_and_those_that_refer_to_it(rolled_back: Db) -> None:
    rolled_back.execute(
        "create schema app; create table app.a (id int primary key);"
        "create table app.b (id int references app.a)"
    )
    rolled_back.execute(
        "select rota.watch_table(t, '{TRUNCATE}') from unnest('{app.a,app.b}'::regclass[]) as t"
    )
    rolled_back.execute("truncate app.a cascade")
    assert [c.type for c in captured(rolled_back)] == ["TRUNCATE", "TRUNCATE"]


def test_a_watch_begun_while_others_write(database: Clone) -> None:
    """It waits for who writes already; nothing of a later statement is missed."""
    database.run("create table public.t (id int)")
    with database.connect(autocommit=False) as writer:
        writer.execute("insert into public.t values (1)")
        watching = database.start("select rota.watch_table('public.t')", user="postgres")
        other = database.start("insert into public.t values (2)", user="postgres")
        assert watching.alive
    assert watching.join() is None
    assert other.join() is None
    database.run("insert into public.t values (3)")
    with database.connect() as connection:
        seen = [c.record["id"] for c in captured(connection)]
    assert seen in ([3], [2, 3])


def test_two_watch_at_the_same_time(database: Clone) -> None:
    database.run("create table public.t (id int)")
    both = [database.start("select rota.watch_table('public.t')", user="postgres") for _ in "ab"]
    errors = [each.join() for each in both]
    assert sorted(error is None for error in errors) == [False, True]
    assert {error.sqlstate for error in errors if error} == {"42710"}
    database.run("insert into public.t values (1)")
    assert database.value("select count(*) from rota_core.event") == 1
