"""What is captured of a change, and which changes: columns, condition, exclude, key."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from support_capture import Change, captured, forget, troubles

Db = psycopg.Connection[Any]
GIVEN = """
create schema app;
create type app.state as enum ('draft', 'published');
create table app.t (id int primary key, title text, status app.state, secret text, n int);
insert into app.t values (1, 'a', 'draft', 's1', 0), (2, 'b', 'published', 's2', 0);
"""
PUBLISHED = "new.status = 'published' and old.status is distinct from new.status"


class Watch:
    """Watches app.t when called, and returns the connection."""

    def __init__(self, db: Db, level: str) -> None:
        self.db = db
        self.level = level

    def __call__(self, **options: Any) -> Db:
        given = "".join(f", {name} => %s" for name in options)
        self.db.execute(
            f"select rota.watch_table('app.t', level => %s{given})",
            [self.level, *options.values()],
        )
        return self.db


@pytest.fixture(params=["statement", "many", "row"])
def watch(request: pytest.FixtureRequest, rolled_back: Db) -> Watch:
    """With `many`, the rows of a test change together with 40 others."""
    # It parses what is executed without the transition tables, which fails.
    rolled_back.execute("set plpgsql_check.profiler = off")
    rolled_back.execute(GIVEN)
    if request.param == "many":
        rolled_back.execute(
            "insert into app.t select -k, 'x', 'draft', 's', 0 from generate_series(1, 40) as k"
        )
    return Watch(rolled_back, "row" if request.param == "row" else "statement")


def own(db: Db, fine: bool = True) -> list[Change]:
    """The events of the rows that the test is about."""
    return [c for c in captured(db, fine=fine) if (c.record or c.old)["id"] > 0]


def ids(db: Db, fine: bool = True) -> list[tuple[str, int]]:
    return [(c.type, (c.record or c.old)["id"]) for c in own(db, fine)]


def test_columns(watch: Watch) -> None:
    db = watch(columns=["title", "status"])
    db.execute("update app.t set n = 1")
    assert captured(db) == []
    db.execute("update app.t set title = case id when 1 then 'new' else title end, n = 2")
    assert [(c.record["title"], c.old["title"]) for c in captured(db)] == [("new", "a")]
    db.execute("insert into app.t values (3, 'c', null, null, 0); delete from app.t where id = 3")
    assert ids(db) == [("UPDATE", 1), ("INSERT", 3), ("DELETE", 3)]


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


def test_what_does_not_match_is_never_logged(watch: Watch) -> None:
    db = watch(condition="old.id = 2")
    db.execute("update app.t set n = 1")
    assert db.execute("select sum(events), count(*) from rota_core.event").fetchone() == (1, 1)


def test_what_is_excluded_is_nowhere(watch: Watch) -> None:
    db = watch(exclude=["secret"])
    db.execute("update app.t set secret = 'unseen'")
    assert captured(db) == []
    db.execute("update app.t set secret = 'unseen', n = 1")
    db.execute("insert into app.t values (3, 'c', null, 'unseen', 0)")
    db.execute("delete from app.t")
    found = captured(db)
    assert found
    for change in found:
        for side in (change.record, change.old):
            assert side is None or set(side) == {"id", "title", "status", "n"}


def test_a_condition_may_look_at_what_is_excluded(watch: Watch) -> None:
    db = watch(exclude=["secret"], condition="new.secret <> 'quiet'")
    db.execute("update app.t set secret = 'quiet', n = 1 where id = 1 or id < 0")
    db.execute("update app.t set secret = 'loud', n = 2 where id = 2")
    assert own(db) == [
        Change("UPDATE", {"id": 2, "title": "b", "status": "published", "n": 2},
               {"id": 2, "title": "b", "status": "published", "n": 0})
    ]  # fmt: skip


RENAMED = [
    "alter table app.t rename secret to hidden",
    # the names change places: what was excluded has the name of what was not
    "alter table app.t rename secret to x; alter table app.t rename title to secret;"
    " alter table app.t rename x to title",
    "alter table app.t drop n; alter table app.t add n text default 'new'",
    "alter table app.t add more int default 7",
    "alter table app.t alter n type bigint",
    "alter table app.t drop title; alter table app.t rename secret to title",
]


@pytest.mark.parametrize("renewed", [False, True])
@pytest.mark.parametrize("change", RENAMED)
def test_a_renamed_column_does_not_leak(watch: Watch, change: str, renewed: bool) -> None:
    db = watch(exclude=["secret"], columns=["status"])
    db.execute("update app.t set status = null, secret = 'unseen'")
    forget(db)
    db.execute(change)
    if renewed:
        db.execute("select rota_core.tend_watches()")
    db.execute("update app.t set status = 'draft'")
    db.execute("delete from app.t where id = 1")
    (now,) = db.execute(
        "select array_agg(attname::text) from pg_attribute where attrelid = 'app.t'::regclass"
        " and attnum > 0 and not attisdropped and attnum <> 4"
    ).fetchone()
    assert ids(db) == [("UPDATE", 1), ("UPDATE", 2), ("DELETE", 1)]
    for change in captured(db):
        for side in (change.record, change.old):
            assert side is None or set(side) == set(now)
        assert "unseen" not in repr(change)


@pytest.mark.parametrize("renewed", [False, True])
def test_filters_follow_renamed_columns(watch: Watch, renewed: bool) -> None:
    db = watch(columns=["status"], condition=PUBLISHED)
    db.execute("alter table app.t rename status to state; alter table app.t rename n to status")
    if renewed:
        db.execute("select rota_core.tend_watches()")
        assert db.execute("select columns from rota.watches").fetchone() == (["state"],)
    db.execute("update app.t set status = 1")
    db.execute("update app.t set state = 'published' where id = 1 or id < -30")
    assert ids(db) == [("UPDATE", 1)]


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


def test_the_key(rolled_back: Db) -> None:
    rolled_back.execute("create schema app; create table app.t (a int, b int, primary key (b, a))")
    key = "select key from rota.watches"
    rolled_back.execute("select rota.watch_table('app.t')")
    assert rolled_back.execute(key).fetchone() == (["b", "a"],)
    rolled_back.execute("alter table app.t rename b to c; select rota_core.tend_watches()")
    assert rolled_back.execute(key).fetchone() == (["c", "a"],)
    old_and_new = "select key, ended_at is not null from rota_core.watch order by watch_id"
    assert rolled_back.execute(old_and_new).fetchall() == [(["b", "a"], True), (["c", "a"], False)]
    rolled_back.execute("insert into app.t values (1, 2)")
    (named,) = rolled_back.execute(
        "select w.key from rota_core.event join rota_core.watch as w using (watch_id)"
    ).fetchone()
    assert named == ["c", "a"]
    rolled_back.execute("select rota.unwatch_table('app.t')")
    rolled_back.execute("select rota.watch_table('app.t', key => '{}')")
    assert rolled_back.execute(key).fetchone() == (None,)
