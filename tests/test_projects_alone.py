"""Migrations that cannot be in a transaction: they run by themselves, in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone
from pgrota import errors
from pgrota.drift import Drifted
from pgrota.exported import Export
from support_project import add_migration, make, put

INDEX = "create index concurrently paid on shop.orders (paid)"


def alone(path: Path) -> None:
    path.write_text(
        path.read_text().replace("branch_labels", "transactional = False\nbranch_labels")
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A table, an index made concurrently, and something after it."""
    add_migration(tmp_path, 1, "create schema shop; create table shop.orders (paid bool);")
    alone(add_migration(tmp_path, 2, INDEX))
    add_migration(tmp_path, 3, "alter table shop.orders add column n int")
    return tmp_path


def test_they_run_in_their_place_in_a_new_database(shop: Path, database: Clone) -> None:
    said: list[str] = []
    outcome = put(database, make(shop, {}), say=said.append)
    assert any("runs by itself" in line for line in said)
    applied = [c.name.split()[0] for c in outcome.changes if c.kind == "migration"][-3:]
    assert applied == ["0001", "0002", "0003"]
    assert database.value(
        "select indisvalid from pg_index where indexrelid = 'shop.paid'::regclass"
    )
    assert database.value("select count(*) from information_schema.columns"
                          " where table_schema = 'shop'") == 2  # fmt: skip
    assert put(database, make(shop, {})).changes == []
    recorded = "select string_agg(c ->> 'name', ', ') from rota_core.deploy as d,"
    recorded += " jsonb_array_elements(d.changes) as c where d.project = 'shop'"
    assert "0002 Step 2" in database.value(recorded)


def test_they_wait_until_all_else_was_tried(shop: Path, database: Clone) -> None:
    with pytest.raises(errors.Problem, match="nobody"):
        put(database, make(shop, {"f.sql": "create view shop.v as select * from nobody;"}))
    assert database.value("select to_regnamespace('shop')") is None


def test_a_deploy_refused_for_drift_runs_none(shop: Path, database: Clone) -> None:
    put(database, make(shop, {"v.sql": "create or replace view shop.v as select 1 as n;"}))
    with database.connect() as connection:
        connection.execute("create or replace view shop.v as select 2 as n")
    alone(add_migration(shop, 4, INDEX.replace("paid on", "again on")))
    here = make(shop, {"v.sql": "create or replace view shop.v as select 1 as n;"})
    with pytest.raises(Drifted):
        put(database, here)
    assert database.value("select to_regclass('shop.again')") is None


def test_they_cannot_be_exported(shop: Path, tmp_path: Path) -> None:
    export = Export(tmp_path / "out")
    with pytest.raises(errors.Problem, match=r"0002 .* runs by itself"):
        export.render(export.projects([], make(shop, {}).project()))


def test_a_plan_says_that_they_run_by_themselves(shop: Path, database: Clone) -> None:
    outcome = put(database, make(shop, {}), dry_run=True)
    assert any("0002" in note and "runs by itself" in note for note in outcome.notes)
    assert database.value("select to_regnamespace('shop')") is None


def test_one_that_fails_leaves_those_before_it(shop: Path, database: Clone) -> None:
    path = shop / "migrations/versions/0002_step.py"
    path.write_text(path.read_text().replace("(paid)", "(nothing)"))
    with pytest.raises(errors.Problem) as refused:
        put(database, make(shop, {}))
    assert "nothing" in refused.value.format_message()
    assert database.value("select to_regclass('shop.orders')") is not None
    assert database.value("select version_num from rota_core.project_version_shop") == "0001"
    path.write_text(path.read_text().replace("(nothing)", "(paid)"))
    put(database, make(shop, {}))
    assert database.value("select version_num from rota_core.project_version_shop") == "0003"


def test_who_stands_in_the_way_of_one_is_named(
    shop: Path, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgrota.alone.LOCK_TIMEOUT", "1s")
    put(database, make(shop, {}))
    path = add_migration(shop, 4, INDEX.replace("paid on", "again on"))
    alone(path)
    with database.connect(autocommit=False, application_name="till 7") as writer:
        writer.execute("insert into shop.orders default values")
        with pytest.raises(errors.LockedOut) as refused:
            put(database, make(shop, {}))
        assert refused.value.message.startswith(f"migrations/versions/{path.name}, line ")
        assert refused.value.message.endswith(
            " waited for the end of a transaction; it is not applied"
        )
        holder, more = refused.value.detail.splitlines()
        assert holder.startswith(f"process {writer.info.backend_pid} of postgres (till 7) idle in")
        assert "an index that is not valid" in more
        writer.rollback()


def test_one_that_does_not_say_so_is_told(tmp_path: Path, database: Clone) -> None:
    add_migration(tmp_path, 1, "create schema shop; create table shop.orders (paid bool);")
    add_migration(tmp_path, 2, INDEX)
    with pytest.raises(errors.Problem) as refused:
        put(database, make(tmp_path, {}))
    assert "say, beside its revision: transactional = False" in refused.value.format_message()
    assert database.value("select to_regnamespace('shop')") is None
