"""A function whose arguments change: the old signature goes before the file is executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone
from pgrota.config import Config
from pgrota.errors import Problem, Refusal
from support_deploy import dump
from support_project import make, put

SUM = """
create or replace function shop.sum({arguments}) returns int language sql as $$ select {body} $$;
comment on function shop.sum({signature}) is 'A sum.';
revoke all on function shop.sum({signature}) from public;
grant execute on function shop.sum({signature}) to rota_app;
"""
SHOWN = "-- requires: sum.sql\ncreate or replace view shop.shown as select shop.sum(1) as sum;\n"
RIGHTS = """
select p.oid::regprocedure::text, has_function_privilege('public', p.oid, 'execute'),
  has_function_privilege('rota_app', p.oid, 'execute')
from pg_proc as p where p.pronamespace = 'shop'::regnamespace order by 1
"""


def one(signature: str = "int") -> str:
    return SUM.format(arguments="a int", signature=signature, body="a")


def two(signature: str) -> str:
    return SUM.format(arguments="a int, b int default 0", signature=signature, body="a + b")


@pytest.fixture
def here(tmp_path: Path, database: Clone) -> Config:
    database.run("create schema shop")
    here = make(tmp_path, {"sum.sql": one(), "shown.sql": SHOWN})
    put(database, here)
    return here


def test_what_still_names_the_old_one_fails_as_in_a_fresh_database(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    before = dump(database)
    make(tmp_path, {"sum.sql": two("int")})
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            put(database, here)
        assert refused.value.message == (
            "sql/sum.sql, line 3: function shop.sum(integer) does not exist"
        )
        assert dump(database) == before
    database.run("drop view shop.shown; drop function shop.sum; truncate rota_core.deployed_object")
    database.run("delete from rota_core.deployed_file where project = 'shop'")
    with pytest.raises(Refusal) as again:
        put(database, here)
    assert again.value.message == refused.value.message


def test_the_new_one_has_the_rights_of_its_file(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    outcome = put(database, make(tmp_path, {"sum.sql": two("int, int")}))
    assert database.run(RIGHTS) == [("shop.sum(integer,integer)", False, True)]
    assert database.value("select sum from shop.shown") == 1
    assert {(c.action, c.name) for c in outcome.changes} == {
        ("create", "shop.sum(integer,integer)"),
        ("drop", "shop.sum(integer)"),
        ("restate", "shown.sql"),
    }
    (gone,) = (c for c in outcome.changes if c.action == "drop")
    assert gone.dependants == ("view shop.shown",)
    assert put(database, here).changes == []


def test_what_others_made_depends_on_the_old_one(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    database.run("create view public.mine as select shop.sum(1)")
    before = dump(database)
    with pytest.raises(Problem, match=r"shop\.sum\(integer\) cannot be dropped") as refused:
        put(database, make(tmp_path, {"sum.sql": two("int, int")}))
    assert refused.value.detail == "view public.mine"
    assert dump(database) == before


def test_a_second_one_beside_the_first_leaves_that_alone(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    database.run("create view public.mine as select shop.sum(1)")
    other = two("int, text").replace("b int default 0", "b text").replace("a + b", "a")
    put(database, make(tmp_path, {"sum.sql": one() + other}))
    assert database.run(RIGHTS) == [
        ("shop.sum(integer)", False, True),
        ("shop.sum(integer,text)", False, True),
    ]
    put(database, make(tmp_path, {"sum.sql": one()}))
    assert database.run(RIGHTS) == [("shop.sum(integer)", False, True)]


def test_one_that_comes_from_another_file_now(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    make(tmp_path, {"sum.sql": "-- moved\n", "moved.sql": two("int")})
    make(tmp_path, {"shown.sql": "create or replace view shop.shown as select 1 as sum;"})
    with pytest.raises(Refusal, match=r"sql/moved\.sql, line 3: function shop\.sum\(integer\)"):
        put(database, here)
    make(tmp_path, {"moved.sql": two("int, int")})
    put(database, here)
    assert database.run(RIGHTS) == [("shop.sum(integer,integer)", False, True)]
    assert put(database, here).changes == []
