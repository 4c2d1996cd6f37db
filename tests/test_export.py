"""Exported migrations: what they make is what a deploy makes, again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Harness, wait_until
from pgrota import errors
from pgrota.deploy import deploy
from pgrota.errors import Problem
from pgrota.exported import FOLDER, Export
from pgrota.server import Server
from support_deploy import add_file, add_revision, own_project, psql, rota
from support_supabase import apply, data, make_database, push, supabase, whole_dump

RECIPES = ("welcome", "reorder")
SHAPE = """create or replace function rota_core.shape() returns {returns} language sql
set search_path = pg_catalog, pg_temp as $$ select {value} $$;
revoke all on function rota_core.shape() from public;
"""
SHOWN = "create or replace view rota.shown as select rota_core.shape() as shape;\n"
KEPT = """create materialized view if not exists rota.kept as select 1 as one;
create index if not exists kept_one on rota.kept (one);
"""
SIZED = """create or replace function rota_core.sized({arguments}) returns int language sql
set search_path = pg_catalog, pg_temp as $$ select 1 $$;
revoke all on function rota_core.sized({signature}) from public;
"""


@pytest.fixture(scope="module")
def server(harness: Harness) -> Iterator[Server]:
    server = supabase(harness.make_server)
    yield server
    harness.discard(server)


def export(place: Path, *recipes: str) -> list[Path]:
    """The files that were added."""
    found = Export(place / FOLDER)
    found.read()
    found.render(found.projects(recipes))
    found.save()
    return [written.path for written in found.written]


def differences(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    return [
        f"{sign} {table} {row[:3000]}"
        for table in one
        for sign, rows in (
            ("-", set(one[table]) - set(other[table])),
            ("+", set(other[table]) - set(one[table])),
        )
        for row in sorted(rows)
    ]


def test_the_same_as_a_deploy(server: Server, tmp_path: Path) -> None:
    paths = export(tmp_path, *RECIPES)
    assert [path.name.split("_", 1)[1] for path in paths] == [
        "rota.sql", "welcome.sql", "reorder.sql", "rota_start.sql",
    ]  # fmt: skip
    exported, direct = (make_database(server, name) for name in ("exported", "direct"))
    apply(exported, paths)
    deploy(direct.url(), RECIPES)

    assert differences(data(direct), data(exported)) == []
    assert whole_dump(exported) == whole_dump(direct)
    assert deploy(exported.url(), RECIPES, dry_run=True).changes == []
    assert export(tmp_path) == [], "nothing has changed"
    assert export(tmp_path, *RECIPES) == []


def test_a_change_is_a_further_file(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another shape with a view on it, a file that went, one that came, and a migration."""
    place = own_project(tmp_path, monkeypatch)
    add_file(place, "task/shape.sql", SHAPE.format(returns="int", value="1"))
    add_file(place, "task/shown.sql", SHOWN)
    add_file(place, "task/going.sql", "create or replace view rota.going as select 1 as one;\n")
    add_file(place, "task/kept.sql", KEPT)
    add_file(place, "task/sized.sql", SIZED.format(arguments="a int", signature="int"))
    first = export(tmp_path)
    before = {path: path.read_bytes() for path in first}
    database = make_database(server, "changed")
    apply(database, first[:1], "--single-transaction")

    add_file(place, "task/shape.sql", SHAPE.format(returns="text", value="'one'"))
    text = SIZED.format(arguments="a int, b int", signature="int, int")
    add_file(place, "task/sized.sql", text)
    add_file(place, "task/coming.sql", "create or replace view rota.coming as select 2 as two;\n")
    index = place / "sql/engine/install.sql"
    for name in ("going", "kept"):
        (place / f"sql/engine/task/{name}.sql").unlink()
        index.write_text(index.read_text().replace(f"\\ir task/{name}.sql\n", ""))
    add_revision(place, "create table rota_core.later (n int); comment on table rota_core.later"
                 " is '100% :later';")  # fmt: skip

    second = export(tmp_path)
    assert [path.name.split("_", 1)[1] for path in second] == ["rota_drain.sql", "rota.sql"]
    assert {path: path.read_bytes() for path in first} == before
    assert min(second) > max(first)
    names = [line.split()[-1] for line in second[1].read_text().splitlines()
             if line.startswith(("-- rota:file", "-- rota:gone"))]  # fmt: skip
    assert names == [f"task/{name}.sql" for name in ("going", "kept", "shape", "sized", "coming")]
    worker = database.work(budget="1.5 s")
    wait_until(lambda: database.value("select count(*) from rota.workers") == 1)
    apply(database, second)
    assert worker.join(0.5) is None, "it had left before the engine changed"
    assert deploy(database.url(), dry_run=True).changes == []
    assert database.run("select v.shape from rota.shown as v") == [("one",)]
    assert database.value("select to_regclass('rota.going') is null")
    assert database.value("select to_regclass('rota.kept') is null")
    assert database.value("select to_regprocedure('rota_core.sized(int)') is null")
    assert database.value("select obj_description('rota_core.later'::regclass)") == "100% :later"
    assert not database.value(
        "select exists (select from rota_core.setting as s where s.name = 'draining')"
    )
    direct = make_database(server, "changed_direct")
    deploy(direct.url())
    assert whole_dump(database) == whole_dump(direct)
    kept = "deploy deployed_source"
    assert differences(data(direct, kept), data(database, kept)) == []
    actions = database.run(
        "select c ->> 'action', c ->> 'name' from rota_core.deploy as d,"
        " jsonb_array_elements(d.changes) as c"
        " where d.deploy_id = (select max(deploy_id) from rota_core.deploy)"
    )
    assert ("drop", "rota.going") in actions
    assert ("create", "rota.coming") in actions


def test_what_goes_together(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function with the view and the trigger that use it, in whichever order."""
    place = own_project(tmp_path, monkeypatch)
    files = {
        "task/shape.sql": SHAPE.format(returns="int", value="1"),
        "task/shown.sql": SHOWN,
        "task/stamp.sql": "create or replace function rota_core.stamp() returns trigger"
        " language plpgsql set search_path = pg_catalog, pg_temp as"
        " $$ begin return new; end $$;\n",
        "task/stamped.sql": "create or replace trigger stamped before insert on rota_core.lane"
        " for each row execute function rota_core.stamp();\n",
    }
    for path, text in files.items():
        add_file(place, path, text)
    database = make_database(server, "together")
    apply(database, export(tmp_path))
    index = place / "sql/engine/install.sql"
    for path in files:
        (place / "sql/engine" / path).unlink()
        index.write_text(index.read_text().replace(f"\\ir {path}\n", ""))
    apply(database, export(tmp_path))
    there = "select to_regprocedure(%s), to_regclass('rota.shown')"
    for function in ("rota_core.shape()", "rota_core.stamp()"):
        assert database.run(there, function) == [(None, None)]
    assert deploy(database.url(), dry_run=True).changes == []


def test_all_or_nothing(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = own_project(tmp_path, monkeypatch)
    add_file(place, "task/broken.sql", "create or replace view rota.broken as select nothing;\n")
    path = export(tmp_path)[0]
    database = make_database(server, "broken")
    done = psql(database, path)
    assert done.returncode != 0
    assert 'column "nothing" does not exist' in done.stderr
    assert database.value("select to_regnamespace('rota') is null")


def test_a_grant_that_names_a_signature_of_before(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = own_project(tmp_path, monkeypatch)
    add_file(place, "task/sized.sql", SIZED.format(arguments="a int", signature="int"))
    database = make_database(server, "named")
    apply(database, export(tmp_path))
    before = whole_dump(database)
    text = SIZED.format(arguments="a int, b int default 0", signature="int")
    add_file(place, "task/sized.sql", text)
    # The first file only asks the workers to leave.
    done = [psql(database, path) for path in export(tmp_path)][-1]
    assert "function rota_core.sized(integer) does not exist" in done.stderr
    assert whole_dump(database) == before


def test_beside_rota_deploy(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deploys by both means is told, and nothing is done twice."""
    place = own_project(tmp_path, monkeypatch)
    first = export(tmp_path)[0]
    database = make_database(server, "beside")
    deploy(database.url())
    before = data(database)
    done = psql(database, first)
    assert "rota is not in this database as the migrations before this one left it" in done.stderr
    assert f"supabase migration repair --status applied {first.name[:14]}" in done.stderr
    assert data(database) == before
    add_file(place, "task/coming.sql", "create or replace view rota.coming as select 2 as two;\n")
    apply(database, export(tmp_path))
    assert deploy(database.url(), dry_run=True).changes == []


def test_as_the_supabase_cli_applies_them(server: Server, tmp_path: Path) -> None:
    """With pg_cron, where there is one."""
    database = make_database(server, "app", cron=True)
    push(database, export(tmp_path, "welcome"))
    assert deploy(database.url(), ["welcome"], dry_run=True).changes == []
    if server.has_cron:
        jobs = "select count(*) from cron.job as j where j.username = 'rota_worker' and j.active"
        assert database.value(jobs, user="supabase_admin") == 3


def test_a_file_that_was_edited(tmp_path: Path) -> None:
    path = export(tmp_path)[-1]
    path.write_text(path.read_text().replace("1.2", "0"))
    with pytest.raises(Problem) as refused:
        export(tmp_path)
    assert refused.value.message == f"{path.name} is not as it was exported"
    assert refused.value.hint == f"bring it back: git checkout -- {path}"


def test_the_command(tmp_path: Path) -> None:
    """It needs no database, and `--check` tells CI that somebody forgot it."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "29990101000000_theirs.sql").write_text("select 1;\n")
    checked = rota("export", "supabase", str(tmp_path), "--check")
    assert (checked.returncode, len(list(folder.iterdir()))) == (errors.PENDING, 1)
    done = rota("export", "supabase", str(tmp_path), "--recipe", "welcome", "--json")
    written = [entry["file"] for entry in json.loads(done.stdout)["written"]]
    assert [Path(file).name for file in written] == [
        "29990101000001_rota.sql", "29990101000002_welcome.sql", "29990101000003_rota_start.sql",
    ]  # fmt: skip
    again = rota("export", "supabase", str(tmp_path), "--check")
    assert (again.returncode, again.stdout) == (0, f"nothing to do: 3 files in {folder} carry"
                                                " it all\n")  # fmt: skip
    soup = rota("export", "supabase", str(tmp_path), "--recipe", "soup")
    assert soup.stderr.startswith("Error: there is no recipe soup")
