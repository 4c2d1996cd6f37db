"""rota test and rota lint: what they find, how they end, what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import binaries, config, errors, linting, scaffold
from support_deploy import bare, rota
from support_project import make, write

WRONG = """create or replace function shop.wrong(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform count(*) from shop.nowhere;
  return null;
end;
$$;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    scaffold.init(tmp_path, "shop")
    return tmp_path


def run(shop: Path, *arguments: str, url: str | None):
    return rota("--project", str(shop), *arguments, url=url)


def databases(database: Clone) -> list:
    return database.run("select datname from pg_database where datname ~ '^rota_test_'")


def test_a_failing_test(database: Clone, shop: Path) -> None:
    if database.value("select to_regnamespace('tap')") is None:
        pytest.skip("pgTAP is not installed")
    fails = "begin; select plan(2); select is(1, 2, 'one is two'); select pass('b'); rollback;"
    write(shop, {"pgtap/fails.sql": fails, "pgtap/breaks.sql": "select plan(1); selec;"})
    done = run(shop, "test", url=database.url())
    assert done.returncode == errors.TESTS
    for words in ("FAILED  pgtap/fails.sql", "1 one is two", "want: 2", "FAILED  pgtap/breaks.sql",
                  'syntax error at or near "selec"', "ok      pgtap/report_size.sql: 4",
                  "2 of 3 files failed"):  # fmt: skip
        assert words in done.stdout
    chosen = run(shop, "test", "report_size.sql", "--json", url=database.url())
    assert chosen.returncode == errors.OK, chosen.stderr
    assert [each["file"] for each in json.loads(chosen.stdout)["files"]] == [
        "pgtap/report_size.sql"
    ]
    assert databases(database) == []
    assert database.value("select to_regnamespace('shop')") is None


def test_no_tests_and_no_such_test(shop: Path) -> None:
    done = run(shop, "test", "nope.sql", url="postgresql://127.0.0.1:1/none")
    assert done.stderr.startswith("Error: there is no test nope.sql")
    (shop / "pgtap/report_size.sql").unlink()
    done = run(shop, "test", url="postgresql://127.0.0.1:1/none")
    assert done.stderr.startswith("Error: project shop has no tests")


def test_what_the_application_brings(database: Clone, shop: Path) -> None:
    text = "create or replace view shop.notes as select n.id from public.note as n;\n"
    write(shop, {"sql/notes.sql": "-- requires: schema.sql\n\n" + text})
    write(shop, {"app.dump": "\\restrict x\ncreate table public.note (id int);\n"})
    done = run(shop, "lint", url=database.url())
    assert done.returncode == errors.LINT
    assert done.stderr.startswith(
        'Error: sql/notes.sql, line 3: relation "public.note" does not exist'
    )
    done = run(shop, "lint", "--before", str(shop / "app.dump"), url=database.url())
    assert done.returncode == errors.OK, done.stdout + done.stderr
    assert databases(database) == []


def test_who_may_not_make_a_database(database: Clone, shop: Path) -> None:
    database.run("create role no_maker login")
    try:
        done = run(shop, "test", url=database.url("no_maker"))
        assert done.stderr.startswith("Error: no_maker may not make a database for this\n")
        assert 'alter role "no_maker" createdb; or: --own-server' in done.stderr
    finally:
        database.run("drop role no_maker")


def test_roles_stay_only_where_they_were(make_server, shop: Path) -> None:
    server = bare(make_server)
    roles = "select count(*) from pg_roles where starts_with(rolname, 'rota_')"
    done = run(shop, "lint", url=server.url())
    assert done.returncode == errors.OK, done.stdout + done.stderr
    with server.connect() as connection:
        assert connection.execute(roles).fetchone() == (0,)


def test_findings(database: Clone, shop: Path) -> None:
    write(shop, {"sql/wrong.sql": "-- requires: schema.sql\n\n" + WRONG})
    write(shop, {"pgtap/loud.sql": "SELECT 1;\n"})
    done = run(shop, "lint", url=database.url())
    assert done.returncode == errors.LINT, done.stderr
    assert "pgtap/loud.sql:1: CP01 Keywords must be lower case." in done.stdout
    if binaries.find().has_library("plpgsql_check"):
        assert (
            'sql/wrong.sql:9: 42P01 shop.wrong(jsonb): relation "shop.nowhere" does not exist'
            in done.stdout
        )
    only = run(shop, "lint", "--no-database", "--json", url="postgresql://127.0.0.1:1/none")
    assert only.returncode == errors.LINT
    assert [each["code"] for each in json.loads(only.stdout)["findings"]] == ["CP01"]


def test_the_projects_own_rules_hold(shop: Path) -> None:
    write(shop, {"pgtap/loud.sql": "SELECT 1;\n"})
    write(shop, {".sqlfluff": "[sqlfluff]\ndialect = postgres\nexclude_rules = CP01\n"})
    assert [f for f in linting.style(config.at(shop)) if f.file == "pgtap/loud.sql"] == []
    (shop / ".sqlfluff").unlink()
    assert [f.code for f in linting.style(config.at(shop))] == ["CP01"]


def test_it_is_told_to_stop(database: Clone, shop: Path) -> None:
    if database.value("select to_regnamespace('tap')") is None:
        pytest.skip("pgTAP is not installed")
    write(shop, {"pgtap/report_size.sql": "select pg_sleep(50);"})
    process = subprocess.Popen(
        [sys.executable, "-m", "pgrota.cli", "--project", str(shop), "test"],
        env={**os.environ, "ROTA_DATABASE_URL": database.url()},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    asleep = "select count(*) from pg_stat_activity where query = 'select pg_sleep(50);'"
    wait_until(lambda: process.poll() is not None or database.value(asleep), timeout=30)
    assert len(databases(database)) == 1
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 143
    assert databases(database) == []


def test_on_a_server_of_its_own(tmp_path: Path) -> None:
    make(tmp_path, {"a.sql": "create schema if not exists shop;"})
    test = "begin; select plan(1); select has_schema('shop'); select * from finish(); rollback;"
    write(tmp_path, {"pgtap/a.sql": test})
    done = run(tmp_path, "test", "--own-server", url="postgresql://127.0.0.1:1/none")
    if "pgTAP is not installed" in done.stderr:
        pytest.skip("pgTAP is not installed")
    assert done.returncode == errors.OK, done.stderr
    assert done.stdout.endswith("1 assertions passed, in 1 file\n")
    assert done.stderr.startswith("starting PostgreSQL ")
