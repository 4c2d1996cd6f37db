"""Deploying a user's project: after the engine, in its transaction, recorded apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Clone
from pgrota.config import at as config
from pgrota.deploy import deploy
from pgrota.errors import Problem, Refusal
from pgrota.server import Server
from support_deploy import bare, dump, new_database, rota
from support_project import ORDERS, TOTAL, add_migration, make, put, recorded, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    add_migration(tmp_path, 1, ORDERS, "drop table shop.orders; drop schema shop;")
    make(tmp_path, {"total.sql": TOTAL})
    return tmp_path


def test_tables_then_files_then_nothing(database: Clone, shop: Path) -> None:
    deploy(database.url())
    first = put(database, config(shop))
    assert [change.name for change in first.changes] == ["0001 Step 1.", "shop.total(jsonb)"]
    assert len(first.deploy_ids) == 1
    assert put(database, config(shop)).changes == []
    project, commit = database.run(
        "select d.project, d.git_commit from rota_core.deploy as d"
        " order by d.deploy_id desc limit 1"
    )[0]
    assert (project, commit) == ("shop", None)
    assert recorded(database) == {"shop": 1}
    owner = "select c.relowner::regrole::text from pg_class as c where c.oid = %s::regclass"
    assert database.value(owner, "rota_core.project_version_shop") == "rota_owner"
    add_migration(shop, 2, "alter table shop.orders add amount int;")
    write(shop, {"sql/total.sql": TOTAL.replace("count(*)", "sum(o.amount)").replace(
        "shop.orders $$", "shop.orders as o $$")})  # fmt: skip
    assert [change.action for change in put(database, config(shop)).changes] == ["apply", "change"]


def test_the_engine_and_the_project_at_once_as_no_superuser(
    make_server: Callable[..., Server], shop: Path
) -> None:
    server = bare(make_server)
    with server.connect() as connection:
        connection.execute("create role plain login createrole")
    database = new_database(server, "app", owner="plain")
    assert put(database, config(shop), "plain").changed
    assert put(database, config(shop), "plain").changes == []
    assert database.value("select shop.total('{}')", user="plain") == {"orders": 0}
    with server.connect() as connection:
        connection.execute("create role other login createrole in role rota_owner, rota_worker,"
                           " rota_capture, plain")  # fmt: skip
    add_migration(shop, 2, "create table shop.later ();")
    assert put(database, config(shop), "other").changed


def test_names_without_a_schema_are_in_public(database: Clone, tmp_path: Path) -> None:
    add_migration(tmp_path, 1, "create table note (id int);", "drop table note;")
    text = "create or replace function notes() returns bigint language sql begin atomic"
    here = make(tmp_path, {"notes.sql": f"{text} select count(*) from note; end;"}, name="my-notes")
    put(database, here)
    assert database.value("select public.notes()") == 0
    assert put(database, here).changes == []
    assert database.value('select version_num from rota_core."project_version_my-notes"') == "0001"


def test_alembics_own_operations_and_annotated_revisions(database: Clone, tmp_path: Path) -> None:
    text = '''"""A table."""
import sqlalchemy as sa
from alembic import op

revision: str = "a1b2"
down_revision: str | None = None


def upgrade() -> None:
    op.create_table("thing", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("thing")
'''
    write(tmp_path, {"migrations/versions/a1b2_thing.py": text})
    # An env.py that would connect on its own is not asked.
    write(tmp_path, {"migrations/env.py": "raise RuntimeError('not this')"})
    put(database, make(tmp_path, {}))
    assert database.value("select count(*) from public.thing") == 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [("create table shop.a ();\nselect 1 / 0;", "division by zero"),
     ("create tabel shop.a ();", "syntax error")],
)  # fmt: skip
def test_a_migration_that_fails_half_way(database: Clone, shop: Path, sql: str, words: str) -> None:
    before = dump(database)
    add_migration(shop, 2, sql)
    with pytest.raises(Refusal) as refused:
        put(database, config(shop))
    place = r"migrations/versions/0002_step.py, line 1\d: "
    assert re.match(place + words, refused.value.message)
    assert dump(database) == before
    assert recorded(database) == {}


def test_a_migration_that_is_no_python_or_raises(database: Clone, shop: Path) -> None:
    path = add_migration(shop, 2, "select 1;")
    path.write_text(path.read_text().replace("run_sql(", "run_sqll(", 2))
    with pytest.raises(Problem, match=r"migrations/versions/0002_step.py, line 1\d: NameError"):
        put(database, config(shop))
    path.write_text("revision = ")
    with pytest.raises(Problem, match=r"0002_step.py does not parse: .*line 1"):
        put(database, config(shop))
    assert recorded(database) == {}


def test_migrations_that_are_not_in_a_row(database: Clone, shop: Path) -> None:
    second = add_migration(shop, 2, "select 1;")
    third = add_migration(shop, 3, "select 1;")
    third.write_text(third.read_text().replace('= "0002"', '= "0001"'))
    with pytest.raises(Problem, match="there are 2 newest migrations: 0002, 0003") as refused:
        put(database, config(shop))
    assert refused.value.hint == "let one of them follow the other: down_revision"
    third.write_text(second.read_text())
    with pytest.raises(Problem, match="there are two migrations 0002") as refused:
        put(database, config(shop))
    assert refused.value.detail == "0002_step.py and 0003_step.py"
    assert recorded(database) == {}


def test_a_database_that_is_ahead_of_the_files(database: Clone, shop: Path) -> None:
    newer = add_migration(shop, 2, "select 1;")
    put(database, config(shop))
    newer.unlink()
    with pytest.raises(Problem, match="at migration 0002, which is not known here") as refused:
        put(database, config(shop))
    assert refused.value.hint == "deploy from the newest commit of the project"


def test_a_file_that_does_not_parse(database: Clone, shop: Path) -> None:
    before = dump(database)
    write(shop, {"sql/z/broken.sql": "select 1;\n\nselec 2;\n"})
    done = rota("deploy", "--project", str(shop), url=database.url())
    assert done.returncode == 1
    assert done.stderr.startswith(
        'Error: sql/z/broken.sql, line 3: syntax error at or near "selec"'
    )
    assert dump(database) == before


ATOMIC = """create or replace function shop.one() returns int language sql
begin atomic
  select case when true then 1 end;
end;
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-- a;b\ndrop table shop.gone;", 'line 2: table "gone" does not exist'),
        (f"{ATOMIC}comment on view shop.gone is 'x;y';", 'line 5: relation "shop.gone" does not e'),
        ("select ';';\n\n/* ; */ select rota.drop_task('x');", "line 3: task 'x' does not exist"),
        ("select 1;\nvacuum shop.orders;", "line 2: VACUUM cannot run inside a transaction block"),
    ],
)  # fmt: skip
def test_a_statement_that_fails_is_found(
    database: Clone, shop: Path, text: str, words: str
) -> None:
    before = dump(database)
    write(shop, {"sql/z.sql": text})
    with pytest.raises(Refusal) as refused:
        put(database, config(shop))
    assert refused.value.message.startswith(f"sql/z.sql, {words}")
    assert ("transactional = False" in (refused.value.hint or "")) == ("VACUUM" in words)
    assert dump(database) == before


def test_two_projects_cannot_have_the_same(database: Clone, shop: Path, tmp_path: Path) -> None:
    put(database, config(shop))
    other = make(tmp_path / "other", {"mine.sql": TOTAL}, name="other")
    with pytest.raises(Problem, match=r"function shop.total\(jsonb\) belongs to project shop"):
        put(database, other)
    text = "create or replace view welcome.missing as select 1;"
    write(shop, {"sql/missing.sql": text, "rota.toml": 'name = "shop"\nrecipes = ["welcome"]'})
    with pytest.raises(Problem, match=r"view welcome.missing is defined by two proj") as refused:
        put(database, config(shop))
    assert refused.value.detail == "in missing.sql of welcome and in missing.sql of shop"
    assert recorded(database) == {"shop": 1}


def test_recipes_are_deployed_with_it(database: Clone, tmp_path: Path) -> None:
    here = make(
        tmp_path, {"a.sql": "create schema if not exists shop;"}, more='recipes = ["welcome"]'
    )
    put(database, here)
    assert set(recorded(database)) == {"shop", "welcome"}
    assert put(database, here).changes == []


def test_outside_of_a_project_the_engine_is_deployed_alone(
    database: Clone, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(database.url())
    monkeypatch.chdir(shop.parent)
    assert rota("deploy", url=database.url()).stdout.startswith("nothing to do")
    monkeypatch.chdir(shop / "sql")
    assert "shop.total(jsonb)" in rota("plan", url=database.url()).stdout
    assert recorded(database) == {}
    assert "shop.total(jsonb)" in rota("deploy", url=database.url()).stdout
    assert recorded(database) == {"shop": 1}
