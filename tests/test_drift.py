"""What others change on the server is named, with its file and a diff."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from harness import Clone
from pgrota import catalog
from pgrota.comparing import look_at
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.drift import Drift, Drifted
from pgrota.errors import DRIFT, ERROR, OK
from support_deploy import rota
from support_project import ORDERS, TOTAL, make, put

FILES = {
    "total.sql": TOTAL,
    "totals.sql": (
        "-- requires: total.sql\ncreate or replace view shop.totals as select shop.total('{}');"
    ),
    "trigger.sql": (
        "create or replace function shop.stamp() returns trigger language plpgsql as"
        " $$ begin return new; end $$;\n"
        "create or replace trigger stamp before insert on shop.orders"
        " for each row execute function shop.stamp();"
    ),
    "z.sql": (
        "select rota.define_task('total', 'shop.total');"
        " select rota.define_schedule('total', '0 3 * * *');"
    ),
}


@pytest.fixture
def place(tmp_path: Path, database: Clone) -> Path:
    database.run(ORDERS)
    put(database, make(tmp_path, FILES))
    return tmp_path


def drift(database: Clone) -> dict[str, Drift]:
    return {f"{d.kind} {d.name}": d for d in look_at(Database(database.url())).drift}


def test_nothing_is_drift_after_a_deploy(place: Path, database: Clone) -> None:
    database.run("select rota.watch_table('shop.orders')")
    database.run("select rota.pause('task', 'total')")
    database.run("create role run_as_me; grant usage on schema shop to run_as_me")
    database.run("select rota.allow_run_as('run_as_me')")
    state = look_at(Database(database.url()))
    assert state.drift == []
    assert [(d.kind, d.name) for d in state.unmanaged] == [("watch", "shop.orders")]
    database.run("drop owned by run_as_me cascade; drop role run_as_me")


def test_a_trigger_that_was_renamed_is_named_and_has_its_name_again(
    place: Path, database: Clone
) -> None:
    database.run('alter trigger stamp on shop.orders rename to "Mine"')
    database.run(
        "create trigger another after insert on shop.orders"
        " for each row execute function shop.stamp()"
    )
    (found,) = drift(database).values()
    assert str(found) == "trigger stamp on shop.orders of trigger.sql: renamed"
    assert found.fields == {"name": ("stamp", '"Mine"')}
    outcome = put(database, make(place, FILES), force=True)
    assert [(c.kind, c.name, c.fields) for c in outcome.changes] == [
        ("trigger", "stamp on shop.orders", {"name": ('"Mine"', "stamp")})
    ]
    triggers = "select t.tgname from pg_trigger as t where t.tgrelid = 'shop.orders'::regclass"
    assert database.run(f"{triggers} order by 1") == [("another",), ("stamp",)]
    assert drift(database) == {}


def test_each_kind_is_named_and_put_right(place: Path, database: Clone) -> None:
    database.run(
        "create or replace function shop.total(input jsonb) returns jsonb language sql"
        " set search_path = pg_catalog, pg_temp as $$ select '{}'::jsonb $$"
    )
    database.run("grant select on shop.totals to rota_app")
    database.run("alter table shop.orders disable trigger stamp")
    database.run("grant execute on function rota.cancel(bigint) to rota_reader")
    database.run("select rota.define_schedule('total', '0 5 * * *')")
    found = drift(database)
    assert {name: (d.project, d.file) for name, d in found.items()} == {
        "function shop.total(jsonb)": ("shop", "total.sql"),
        "view shop.totals": ("shop", "totals.sql"),
        "trigger stamp on shop.orders": ("shop", "trigger.sql"),
        "function rota.cancel(bigint)": ("rota", "run/cancel.sql"),
        "schedule total": ("shop", "z.sql"),
    }
    assert (
        "+AS $function$ select '{}'::jsonb $function$" in found["function shop.total(jsonb)"].diff
    )
    assert found["view shop.totals"].fields["privileges"][1].endswith("rota_app=r/postgres")
    assert found["view shop.totals"].by is None
    assert found["trigger stamp on shop.orders"].fields == {"enabled": ("yes", "no")}
    assert found["schedule total"].fields == {"cron": ("0 3 * * *", "0 5 * * *")}
    assert found["schedule total"].by == "postgres"
    with pytest.raises(Drifted):
        put(database, make(place, FILES))
    put(database, make(place, FILES), force=True)
    assert drift(database) == {}
    assert put(database, make(place, FILES)).changes == []


def test_others_projects_do_not_stand_in_the_way(place: Path, database: Clone) -> None:
    database.run("drop view shop.totals")
    assert deploy(database.url()).changes == []
    assert drift(database)["view shop.totals"].what == "gone"


def test_another_way_to_look_is_no_drift(
    place: Path, database: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer tool, or another major version of the server, writes definitions otherwise."""
    database.run("update rota_core.deployed_object set fingerprint = 'otherwise'")
    assert "function shop.total(jsonb)" in drift(database)
    monkeypatch.setattr(catalog, "SCHEME", catalog.SCHEME + 1)
    assert drift(database) == {}
    put(database, make(place, FILES))
    monkeypatch.undo()
    database.run('update rota_core.deploy set system = system || \'{"server_version": "9.6"}\'')
    database.run("update rota_core.deployed_object set fingerprint = 'otherwise'")
    assert drift(database) == {}


def test_a_field_that_came_with_the_engine_is_no_drift(place: Path, database: Clone) -> None:
    database.run(
        "update rota_core.deployed_object set definition = (definition::jsonb - 'mutex')::text"
        " where kind = 'task'"
    )
    assert drift(database) == {}
    assert put(database, make(place, FILES)).changes == []


def test_the_command(place: Path, database: Clone) -> None:
    done = rota("drift", url=database.url())
    assert (done.returncode, done.stdout) == (OK, "no drift: everything is as it was deployed\n")
    database.run("select rota.define_task('mine', null, kind => 'external')")
    database.run("select rota.define_task('total', 'shop.total', max_attempts => 9)")
    done = rota("drift", url=database.url())
    assert done.returncode == DRIFT
    assert "  task total of z.sql: changed by postgres at 20" in done.stdout
    assert "      max_attempts: 3 -> 9\n" in done.stdout
    assert "    task         mine, by postgres at 20" in done.stdout
    done = rota("--json", "drift", url=database.url())
    found = json.loads(done.stdout)
    assert found["drift"][0]["fields"] == {"max_attempts": {"from": 3, "to": 9}}
    assert found["unmanaged"] == [{"kind": "task", "name": "mine"}]
    refused = rota("--project", str(place), "deploy", url=database.url())
    assert refused.returncode == DRIFT
    assert "task total of z.sql" in refused.stderr


def test_a_reader_may_look(place: Path, database: Clone) -> None:
    with psycopg.connect(database.url()) as connection:
        connection.execute("set role rota_reader")
        rows = connection.execute("select count(*) from rota_core.definitions()").fetchone()
        assert rows == (2,)
        deploys = "select count(*) from rota.deploys as d where d.project = 'shop'"
        assert connection.execute(deploys).fetchone() == (1,)


@pytest.mark.parametrize("command", ["drift", "rollback", "remove shop --yes", "remove --yes"])
def test_who_may_not_is_told_what_is_missing(place: Path, database: Clone, command: str) -> None:
    database.run("create role stranger login")
    done = rota("--project", str(place), *command.split(), url=database.url("stranger"))
    database.run("drop role stranger")
    assert done.returncode == ERROR
    assert "stranger has no right to this" in done.stderr
    assert "Hint: grant rota_" in done.stderr
