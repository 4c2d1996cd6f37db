"""Grants that files make are compared, whoever has them; what rota itself gave is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Clone
from pgrota.comparing import look_at
from pgrota.database import Database
from pgrota.drift import Drift, Drifted
from support_project import ORDERS, TOTAL, make, put

GRANTED = TOTAL + "grant execute on function shop.total(jsonb) to test_jobs;\n"
TASK = "select rota.define_task('total', 'shop.total', run_as => '{}');\n"


@pytest.fixture
def database(database: Clone) -> Iterator[Clone]:
    """With a role that tasks may run as. Roles are of the whole server."""
    database.run("create role test_jobs; " + ORDERS)
    database.run("grant usage on schema shop to test_jobs")
    yield database
    database.run("drop owned by test_jobs cascade; drop role test_jobs")


def drift(database: Clone) -> dict[str, Drift]:
    return {f"{d.kind} {d.name}": d for d in look_at(Database(database.url())).drift}


@pytest.mark.parametrize("role", ["postgres", "rota_app", "rota_worker", "rota_reader"])
def test_tasks_that_run_as_a_role_which_has_much_already(
    tmp_path: Path, database: Clone, role: str
) -> None:
    put(database, make(tmp_path, {"a.sql": GRANTED}))
    files = {"a.sql": GRANTED, "b.sql": TASK.format(role)}
    put(database, make(tmp_path, files))
    assert drift(database) == {}
    assert put(database, make(tmp_path, files)).changes == []


def test_what_is_given_by_hand_to_a_role_that_tasks_run_as(tmp_path: Path, database: Clone) -> None:
    put(database, make(tmp_path, {"a.sql": GRANTED, "b.sql": TASK.format("test_jobs")}))
    database.run("grant execute on function rota.cancel(bigint) to test_jobs")
    assert set(drift(database)) == {"function rota.cancel(bigint)"}


def test_a_file_that_grants_on_what_another_made(tmp_path: Path, database: Clone) -> None:
    put(database, make(tmp_path, {"a.sql": TOTAL}))
    grant = "-- requires: a.sql\ngrant execute on function shop.total(jsonb) to test_jobs;"
    put(database, make(tmp_path, {"b.sql": grant}))
    assert drift(database) == {}
    database.run("revoke execute on function shop.total(jsonb) from test_jobs")
    assert set(drift(database)) == {"function shop.total(jsonb)"}


def test_rights_on_a_schema_that_a_file_makes(tmp_path: Path, database: Clone) -> None:
    schema = (
        "create schema if not exists till;\n"
        "grant usage on schema till to rota_worker; grant usage on schema till to test_jobs;"
    )
    put(database, make(tmp_path, {"schema.sql": schema}))
    database.run("grant create on schema till to test_jobs; grant usage on schema till to public")
    assert drift(database) == {}, "others may be let in"
    database.run("revoke usage on schema till from rota_worker, test_jobs")
    (found,) = drift(database).values()
    assert (found.name, found.project, found.file) == ("till", "shop", "schema.sql")
    lost = "usage to rota_worker, usage to test_jobs"
    assert sorted(found.fields["privileges"][0].split(", ")) == lost.split(", ")
    with pytest.raises(Drifted):
        put(database, make(tmp_path, {}))
    assert [c.kind for c in put(database, make(tmp_path, {}), force=True).changes] == ["schema"]
    assert drift(database) == {}
    assert put(database, make(tmp_path, {})).changes == []


def test_what_files_give_to_a_role_that_tasks_run_as_is_given_back(
    tmp_path: Path, database: Clone
) -> None:
    grants = (
        "create or replace view shop.one as select 1 as n; grant select on shop.one to test_jobs;"
    )
    files = {"a.sql": GRANTED, "b.sql": TASK.format("test_jobs"), "c.sql": grants}
    put(database, make(tmp_path, files))
    assert drift(database) == {}
    database.run("revoke select on shop.one from test_jobs")
    database.run("revoke execute on function shop.total(jsonb) from test_jobs")
    found = {name: list(each.fields) for name, each in drift(database).items()}
    assert found == {
        "function shop.total(jsonb)": ["privileges"], "view shop.one": ["privileges"]
    }  # fmt: skip
    put(database, make(tmp_path, files), force=True)
    assert drift(database) == {}
    assert database.value("select has_table_privilege('test_jobs', 'shop.one', 'select')")
    call = "select has_function_privilege('test_jobs', 'shop.total(jsonb)', 'execute')"
    assert database.value(call)
