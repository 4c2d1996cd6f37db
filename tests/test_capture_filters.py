"""What is captured of a change, and which changes: columns, exclude, key."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from support_capture import Change, Watch, captured, forget, ids, own, watch_of

Db = psycopg.Connection[Any]
PUBLISHED = "new.status = 'published' and old.status is distinct from new.status"


@pytest.fixture(params=["statement", "many", "row"])
def watch(request: pytest.FixtureRequest, rolled_back: Db) -> Watch:
    return watch_of(request.param, rolled_back)


def test_columns(watch: Watch) -> None:
    db = watch(columns=["title", "status"])
    db.execute("update app.t set n = 1")
    assert captured(db) == []
    db.execute("update app.t set title = case id when 1 then 'new' else title end, n = 2")
    assert [(c.record["title"], c.old["title"]) for c in captured(db)] == [("new", "a")]
    db.execute("insert into app.t values (3, 'c', null, null, 0); delete from app.t where id = 3")
    assert ids(db) == [("UPDATE", 1), ("INSERT", 3), ("DELETE", 3)]


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
