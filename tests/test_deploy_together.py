"""What goes together goes, in whichever order it depends on each other; nothing else goes along."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone
from pgrota.deploy import deploy
from pgrota.errors import Problem
from support_project import ORDERS, TOTAL, make, put
from support_run import ok, refused

STAMP = """
create or replace function shop.stamp() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp as $$ begin return new; end $$;
"""
STAMPED = """
create or replace trigger stamp before insert on shop.orders
for each row execute function shop.stamp();
"""
RATE = """
create or replace function shop.rate() returns int language sql immutable
set search_path = pg_catalog, pg_temp as $$ select 2 $$;
"""
RATES = "create or replace view shop.rates as select shop.rate() as rate;"
MORE = "create or replace view shop.more as select r.rate + 1 as more from shop.rates as r;"
# Both orders of names: what is dropped first is not to matter.
ADDED = {
    "trigger": {"a.sql": STAMP + STAMPED},
    "trigger apart": {"a.sql": STAMP, "b.sql": STAMPED},
    "trigger before": {"a.sql": "-- requires: b.sql\n" + STAMPED, "b.sql": STAMP},
    "views": {"a.sql": RATE, "b.sql": RATES, "c.sql": MORE},
    "views before": {
        "c.sql": RATE,
        "b.sql": "-- requires: c.sql\n" + RATES,
        "a.sql": "-- requires: b.sql\n" + MORE,
    },
    "function on a view": {
        "a.sql": RATE + RATES,
        "b.sql": "create or replace function shop.seen(shop.rates) returns int language sql"
        " as 'select 1';",
    },
}
THERE = """
select count(*) from (
  select p.oid from pg_proc as p
  where p.pronamespace = 'shop'::regnamespace and p.proname <> 'total'
  union all
  select c.oid from pg_class as c where c.relnamespace = 'shop'::regnamespace and c.relkind = 'v'
  union all
  select t.oid from pg_trigger as t where not t.tgisinternal
) as there
"""


@pytest.fixture
def shop(tmp_path: Path, database: Clone, monkeypatch: pytest.MonkeyPatch) -> Clone:
    deploy(database.url())
    database.run(ORDERS)
    put(database, make(tmp_path, {"total.sql": TOTAL}))
    monkeypatch.chdir(tmp_path)
    return database


def remade(place: Path, files: dict[str, str]):
    """The project with these files and no others."""
    for path in (place / "sql").glob("*.sql"):
        path.unlink()
    return make(place, {"total.sql": TOTAL, **files})


@pytest.mark.parametrize("added", ADDED.values(), ids=ADDED.keys())
def test_what_came_together_goes_together(
    shop: Clone, tmp_path: Path, added: dict[str, str]
) -> None:
    put(shop, remade(tmp_path, added))
    assert shop.value(THERE) > 1
    ok(shop, "rollback")
    assert shop.value(THERE) == 0
    put(shop, remade(tmp_path, added))
    here = remade(tmp_path, {})
    put(shop, here)
    assert shop.value(THERE) > 1, "it was left"
    gone = put(shop, here, allow_drop=True)
    assert shop.value(THERE) == 0
    assert {change.action for change in gone.changes} == {"drop"}
    assert put(shop, here).changes == []


def test_the_function_alone_does_not_go(shop: Clone, tmp_path: Path) -> None:
    put(shop, remade(tmp_path, {"a.sql": STAMP, "b.sql": STAMPED}))
    with pytest.raises(Problem, match=r"b.sql.*function shop.stamp\(\) does not exist"):
        put(shop, remade(tmp_path, {"b.sql": STAMPED}), allow_drop=True)
    assert shop.value(THERE) == 2


@pytest.mark.parametrize(
    ("statement", "user"),
    [
        ("alter table shop.orders add column rate int default shop.rate()", "default value for"),
        ("alter table shop.orders add constraint rated check (id > shop.rate())", "constraint"),
        ("create view public.mine as select shop.rate()", "view public.mine"),
        ("create policy mine on shop.orders using (id > shop.rate())", "policy mine"),
    ],
)
def test_what_others_made_of_it_keeps_it(
    shop: Clone, tmp_path: Path, statement: str, user: str
) -> None:
    put(shop, remade(tmp_path, {"a.sql": RATE, "b.sql": RATES}))
    shop.run(statement)
    said = refused(shop, "rollback")
    assert "function shop.rate() cannot be dropped: something else depends on it" in said
    assert user in said
    assert shop.value(THERE) >= 2


def test_another_shape_under_a_view_that_goes(shop: Clone, tmp_path: Path) -> None:
    """Going back takes the view away and gives the function the shape it had."""
    put(shop, remade(tmp_path, {"a.sql": RATE}))
    text = RATE.replace("returns int", "returns text").replace("select 2", "select 'two'")
    put(shop, remade(tmp_path, {"a.sql": text, "b.sql": RATES}))
    ok(shop, "rollback")
    assert shop.value("select pg_typeof(shop.rate())::text") == "integer"
    assert shop.value(THERE) == 1
    ok(shop, "rollback")
    assert shop.run("select r.rate from shop.rates as r") == [("two",)]


def test_a_file_goes_and_another_uses_it_no_longer(shop: Clone, tmp_path: Path) -> None:
    plain = "create or replace view shop.rates as select 7 as rate;"
    put(shop, remade(tmp_path, {"b.sql": plain}))
    put(shop, remade(tmp_path, {"a.sql": RATE, "b.sql": RATES}))
    ok(shop, "rollback")
    assert shop.run("select r.rate from shop.rates as r") == [(7,)]
    assert shop.value(THERE) == 1
