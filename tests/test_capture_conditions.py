"""Conditions: what they let through, which are taken, and what becomes of one that fails."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from support_capture import GIVEN, Watch, captured, forget, ids, troubles, watch_of

Db = psycopg.Connection[Any]
PUBLISHED = "new.status = 'published' and old.status is distinct from new.status"


@pytest.fixture(params=["statement", "many", "row"])
def watch(request: pytest.FixtureRequest, rolled_back: Db) -> Watch:
    return watch_of(request.param, rolled_back)


def test_a_condition(watch: Watch) -> None:
    db = watch(condition=PUBLISHED)
    db.execute("update app.t set n = 1")
    db.execute("update app.t set status = 'published' where id in (1, 2) or id < -30")
    assert ids(db) == [("UPDATE", 1)]
    db.execute("insert into app.t values (3, 'c', 'published', '', 0), (4, 'd', 'draft', '', 0)")
    db.execute("delete from app.t")
    assert ids(db) == [("UPDATE", 1), ("INSERT", 3)]


def test_a_condition_that_is_null_is_not_met(watch: Watch) -> None:
    db = watch(condition="new.n > 5")
    db.execute("update app.t set n = null")
    assert captured(db) == []


BROKEN = [
    ("alter table app.t drop status", "column of its condition was dropped"),
    ("alter table app.t alter status type text[] using array[status::text]", "capture: malformed"),
    ("drop function app.f(int)", "capture: function app.f(integer) does not exist"),
    ("create or replace function app.f(int) returns boolean stable language plpgsql as"
     " $$ begin raise 'broken'; end $$", "capture: broken"),
    ("revoke execute on function app.f(int) from public", "capture: permission denied"),
    ("alter type app.state rename value 'published' to 'public'", "capture: invalid input value"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "words"), BROKEN)
def test_a_condition_that_no_longer_works(watch: Watch, damage: str, words: str) -> None:
    """The writer never knows; every change is captured; health tells."""
    watch.db.execute(
        "create function app.f(int) returns boolean stable language sql as 'select $1 > 100';"
        "grant usage on schema app to rota_capture"
    )
    db = watch(condition="app.f(new.n) or new.status = 'published'")
    db.execute(damage)
    db.execute("update app.t set n = 9 where id = 1 or id < 0")
    db.execute("insert into app.t (id, title) values (5, 'e')")
    db.execute("delete from app.t where id = 2")
    assert ids(db, fine=False) == [("UPDATE", 1), ("INSERT", 5), ("DELETE", 2)]
    health = "select status, detail from rota.health where check_name = 'watch filters'"
    status, detail = db.execute(health).fetchone()
    assert status == "warning"
    assert words in detail


def test_a_condition_that_fails_for_some_rows(watch: Watch) -> None:
    db = watch(condition="10 / new.n > 2")
    db.execute("update app.t set n = id + 2 where id > 0")
    assert ids(db) == [("UPDATE", 1)]
    forget(db)
    db.execute("update app.t set n = 2 - id where id > 0")
    assert ids(db, fine=False) == [("UPDATE", 1), ("UPDATE", 2)]
    assert troubles(db) == ["capture: division by zero"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("new.nothing = 1", "column new.nothing does not exist"),
        ("status = 'draft'", 'column reference "status" is ambiguous'),
        ("new.status = 'gone'", 'invalid input value for enum app.state: "gone"'),
        ("new.n", "COALESCE types integer and boolean cannot be matched"),
        ("new.n = 1, true", "COALESCE types record and boolean cannot be matched"),
        ("true) as c, (select true", "syntax error"),
        ("new.n = 1; drop table app.t", "syntax error"),
        ("true) as c; drop table app.t; select (true", "syntax error"),
        ("true), false); drop table app.t; select ((true", "multi-query"),
        ("true) union select (true", "syntax error"),
        ("true), (true", "it is no single boolean expression"),
        ("exists (select from app.t)", "it has a subquery, an aggregate or a window function"),
        ("count(new.n) > 1", "it has a subquery, an aggregate or a window function"),
        ("row_number() over () > 1", "it has a subquery, an aggregate or a window function"),
        ("random() > 0.5", "it calls random(), which is volatile or returns a set"),
        ("nextval('app.s') > 0", "it calls nextval(regclass), which is volatile"),
        ("generate_series(1, new.n) > 1", "set-returning functions are not allowed in COALESCE"),
        ("new is distinct from old", "it uses a whole row or a system column"),
        ("new.xmin is not null", "it uses a whole row or a system column"),
        ("new.n > $1", "there is no parameter $1"),
        ("app.missing(new.n)", "function app.missing(integer) does not exist"),
        ("", "syntax error"),
        ("new.n = 1 /*", "unterminated /* comment"),
    ],
)
def test_a_condition_that_is_refused(rolled_back: Db, condition: str, words: str) -> None:
    rolled_back.execute(GIVEN + "create sequence app.s;")
    wrong = psycopg.errors.InvalidParameterValue
    with pytest.raises(wrong) as refused, rolled_back.transaction():
        rolled_back.execute("select rota.watch_table('app.t', condition => %s)", [condition])
    said = refused.value.diag
    assert said.message_primary == "condition of the watch on app.t is not usable"
    assert words in said.message_detail
    assert said.message_hint
    assert rolled_back.execute("select count(*) from rota.watches").fetchone() == (0,)
    assert rolled_back.execute("select count(*) from app.t").fetchone() == (2,)


@pytest.mark.parametrize(
    "condition",
    [
        "new.n = 1 -- a comment", "new.n = 1 /* one */", "(new.n) = 1 or (old.n = 2)",
        "new.title = 'it''s; drop'", "new.title like '%s %1$s $q$ {SUBLINK'", "true",
        "new.n is distinct from old.n", "'x' = any (array[new.title])", "now() > '2000-01-01'",
    ],
)  # fmt: skip
def test_a_condition_that_is_taken(watch: Watch, condition: str) -> None:
    db = watch(condition=condition)
    db.execute("update app.t set n = 1, title = 'it''s; drop'")
    db.execute("delete from app.t")
    assert captured(db) is not None


EXTENSION = """
create schema ext;
create type ext.ci;
create function ext.ci_in(cstring) returns ext.ci immutable strict language internal as 'textin';
create function ext.ci_out(ext.ci) returns cstring immutable strict language internal as 'textout';
create type ext.ci (input = ext.ci_in, output = ext.ci_out, like = text);
create function ext.ci_eq(ext.ci, ext.ci) returns boolean immutable language sql as
  'select lower($1::text) = lower($2::text)';
create operator ext.= (leftarg = ext.ci, rightarg = ext.ci, function = ext.ci_eq);
create cast (ext.ci as text) without function as implicit;
create schema app;
create table app.t (id int, name ext.ci);
"""


def test_a_condition_of_an_extensions_type(rolled_back: Db) -> None:
    """Its operators are found where the type is, not those of the type it can be taken for."""
    rolled_back.execute(EXTENSION)
    watch = "select rota.watch_table('app.t', condition => $$ new.name = 'ADA' $$)"
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as refused, rolled_back.transaction():
        rolled_back.execute(watch)
    assert refused.value.diag.message_hint == "grant usage on schema ext to rota_capture;"
    with rolled_back.transaction(force_rollback=True):
        rolled_back.execute("select rota.watch_table('app.t', condition => 'new.id = 1')")
    rolled_back.execute("grant usage on schema ext to rota_capture")
    rolled_back.execute(watch)
    rolled_back.execute("insert into app.t values (1, 'ada'), (2, 'bob')")
    assert [c.record["id"] for c in captured(rolled_back)] == [1]
