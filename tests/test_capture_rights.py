"""With whose rights what runs: nothing a user wrote gets those of the engine."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support_capture import captured, troubles

Db = psycopg.Connection[Any]
GIVEN = """
create schema app; grant usage on schema app to rota_capture;
create role writes nologin; grant usage on schema app to writes;
create table app.t (id int primary key, n int);
grant select, insert, update on app.t to writes;
"""


def condition(db: Db, body: str) -> None:
    db.execute(GIVEN)
    db.execute(
        "create function app.f(n int) returns boolean stable language plpgsql as"
        f" $$ begin {body} end $$; select rota.watch_table('app.t', condition => 'app.f(new.n)')"
    )


def test_a_condition_is_evaluated_as_rota_capture(rolled_back: Db) -> None:
    condition(rolled_back, "return current_user = 'rota_capture' and n > 0;")
    rolled_back.execute("set local role writes; insert into app.t values (1, 1), (2, 0)")
    rolled_back.execute("reset role")
    assert [c.record["id"] for c in captured(rolled_back)] == [1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("perform from rota_core.run; return false;", "permission denied for table run"),
        ("perform from app.t; return false;", "permission denied for table t"),
        ("delete from rota_core.event; return false;", "DELETE is not allowed in a non-volatile"),
        ("perform set_config('role', 'none', false); return false;", "cannot set parameter"),
        ("create table app.u (); return false;", "CREATE TABLE is not allowed in a non-volatile"),
        ("return rota_core.setting('draining');", "permission denied for function setting"),
    ],
)
def test_a_condition_may_do_nothing_else(rolled_back: Db, body: str, words: str) -> None:
    # The profiler parses what is executed without the transition tables, which fails.
    rolled_back.execute("set plpgsql_check.profiler = off")
    condition(rolled_back, f"if n is null then return false; end if; {body}")
    rolled_back.execute("set local role writes; insert into app.t values (1, 1)")
    rolled_back.execute("reset role")
    assert [c.record["id"] for c in captured(rolled_back, fine=False)] == [1]
    assert words in troubles(rolled_back)[0]


def test_row_security_hides_nothing_from_the_log(rolled_back: Db) -> None:
    rolled_back.execute(GIVEN)
    rolled_back.execute(
        "alter table app.t enable row level security; alter table app.t force row level security;"
        "create policy odd on app.t to writes using (id % 2 = 1) with check (true);"
        "select rota.watch_table('app.t'); set local role writes;"
        "insert into app.t values (1, 1), (2, 2); update app.t set n = 5; reset role"
    )
    found = captured(rolled_back)
    assert [(c.type, c.record["id"]) for c in found] == [
        ("INSERT", 1), ("INSERT", 2), ("UPDATE", 1),
    ]  # fmt: skip


def test_the_functions_cannot_be_used_by_others(rolled_back: Db) -> None:
    rolled_back.execute(GIVEN + "grant rota_admin to writes; grant create on schema app to writes;")
    rolled_back.execute("select rota.watch_table('app.t', '{INSERT}')")
    (name,) = rolled_back.execute(
        "select proname from pg_proc where proname ~ '^capture_[0-9]'"
    ).fetchone()
    rolled_back.execute("set local role writes; create table app.mine (id int, n int)")
    denied = psycopg.errors.InsufficientPrivilege
    with pytest.raises(denied, match="permission denied for function"), rolled_back.transaction():
        rolled_back.execute(
            "create trigger t after insert on app.mine referencing new table as rota_new"
            f" for each statement execute function rota_core.{name}()"
        )


HOSTILE = (
    "x as 'begin return null; end'; create function rota_core.evil() returns int language sql as"
)


def test_an_administrator_cannot_create_in_the_engines_schema(rolled_back: Db) -> None:
    """By what is given to the functions behind watch_table, while its owner may."""
    rolled_back.execute(GIVEN)
    (table,) = rolled_back.execute("select 'app.t'::regclass::oid").fetchone()
    rolled_back.execute("set local role rota_admin")
    definition = {
        "relation": table, "topic": HOSTILE, "level": "statement", "operations": ["INSERT"],
        "partitioned": False, "key": [], "tested": [], "digest": HOSTILE, "version": HOSTILE,
        "path": [f"{HOSTILE} 'select 1' --"],
    }  # fmt: skip
    with rolled_back.transaction():
        rolled_back.execute("select rota_core.save_watch(%s, 'rota_admin')", [Jsonb(definition)])
    made = "select count(*) from pg_proc where proname = 'evil'"
    assert rolled_back.execute(made).fetchone() == (0,)
