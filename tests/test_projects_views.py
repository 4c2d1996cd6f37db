"""Materialized views: `alter view` and `drop view` refuse them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone
from pgrota.config import Config
from pgrota.drift import Drifted
from support_project import add_migration, make, put

STORED = """
create materialized view if not exists shop.stored as select 1 as n;
create unique index if not exists stored_n on shop.stored (n);
comment on materialized view shop.stored is 'Kept.';
"""


@pytest.fixture
def here(tmp_path: Path, database: Clone) -> Config:
    add_migration(tmp_path, 1, "create schema shop")
    here = make(tmp_path, {"stored.sql": STORED})
    put(database, here)
    return here


def test_what_others_changed_of_one_is_put_right(here: Config, database: Clone) -> None:
    database.run("comment on materialized view shop.stored is 'Edited.'")
    database.run("alter materialized view shop.stored owner to pg_monitor")
    database.run("grant select on shop.stored to public")
    with pytest.raises(Drifted):
        put(database, here)
    put(database, here, force=True)
    assert database.run(
        "select obj_description(c.oid), c.relowner::regrole::text,"
        " not exists (select from aclexplode(c.relacl) as a where a.grantee = 0)"
        " from pg_class as c where c.oid = 'shop.stored'::regclass"
    ) == [("Kept.", "postgres", True)]
    assert put(database, here).changes == []


def test_one_that_no_file_makes_goes_where_it_may(
    here: Config, tmp_path: Path, database: Clone
) -> None:
    (tmp_path / "sql/stored.sql").unlink()
    outcome = put(database, here, allow_drop=True)
    assert ("view", "shop.stored", "drop") in {(c.kind, c.name, c.action) for c in outcome.changes}
    assert database.value("select to_regclass('shop.stored')") is None
    assert put(database, here).changes == []
