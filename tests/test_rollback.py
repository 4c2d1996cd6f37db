"""`rota log` and `rota rollback`: an earlier deploy holds again, or nothing changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import Clone
from pgrota import errors
from pgrota.deploy import deploy
from support_project import ORDERS, TOTAL, add_migration, make, put
from support_run import here, ok, refused

TASK = "select rota.define_task('total', 'shop.total', timeout => '10 min');\n"
SCHEDULE = "select rota.define_schedule('total', '0 3 * * *');\n"
EXTRA = """
create or replace function shop.extra() returns int language sql
set search_path = pg_catalog, pg_temp as $$ select 1 $$;
select rota.define_task('extra', 'shop.total');
"""
STATE = """
select (select p.prosrc from pg_proc as p where p.oid = 'shop.total(jsonb)'::regprocedure) as body,
  to_regprocedure('shop.extra()') is not null as extra,
  array(select t.name from rota.tasks as t order by 1) as tasks,
  (select t.timeout::text from rota.tasks as t where t.name = 'total') as timeout,
  (select s.cron from rota.schedules as s) as cron,
  (select count(*) from information_schema.columns as c where c.table_schema = 'shop') as columns
"""


@pytest.fixture
def shop(tmp_path: Path, database: Clone, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three deploys: the first, another body and policy, something more."""
    deploy(database.url())
    database.run(ORDERS)
    put(database, make(tmp_path, {"total.sql": TOTAL, "z.sql": TASK + SCHEDULE}))
    changed = TOTAL.replace("count(*)", "2 * count(*)")
    files = {"total.sql": changed, "z.sql": TASK.replace("10 min", "1 h") + SCHEDULE}
    put(database, make(tmp_path, files))
    put(database, make(tmp_path, files | {"extra.sql": EXTRA}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(database: Clone) -> dict:
    (row,) = database.run(STATE)
    names = ("body", "extra", "tasks", "timeout", "cron", "columns")
    return dict(zip(names, row, strict=True))


def test_the_log_says_what_was_deployed(shop: Path, database: Clone) -> None:
    listed = ok(database, "log", "--of", "shop")
    first = json.loads(ok(database, "log", "--of", "shop", "--json"))[-1]["deploy_id"]
    assert "function shop.total(jsonb) made" in listed
    assert "task total changed" in listed
    one = ok(database, "log", str(first + 1))
    assert "timeout: 00:10:00 -> 01:00:00" in one
    assert "2 * count(*)" in one
    assert "deploy 99999 is not on record" in refused(database, "log", "99999")


def test_one_deploy_back_takes_away_what_it_brought(shop: Path, database: Clone) -> None:
    assert state(database)["extra"]
    planned = ok(database, "rollback", "--plan")
    assert "extra" in planned
    assert state(database)["extra"], "a plan changes nothing"
    said = ok(database, "rollback")
    assert "- function  shop.extra()" in said
    assert "- task      extra" in said
    now = state(database)
    assert (now["extra"], now["tasks"], now["timeout"]) == (False, ["total"], "01:00:00")
    deploys = json.loads(ok(database, "log", "--of", "shop", "--json"))
    same = str(deploys[0]["deploy_id"])
    assert ok(database, "rollback", "--to", same, "--plan") == f"shop is as deploy {same} made it\n"


def test_two_back_restore_body_policy_and_schedule(shop: Path, database: Clone) -> None:
    database.run("select rota.start('total')")
    ok(database, "rollback", "2")
    now = state(database)
    assert "2 *" not in now["body"]
    assert (now["timeout"], now["cron"], now["tasks"]) == ("00:10:00", "0 3 * * *", ["total"])
    assert database.value("select count(*) from rota_core.run") == 1, "runs stay"
    newest = json.loads(ok(database, "log", "--of", "shop", "--json"))[0]
    assert newest["changes"][0]["kind"] == "rollback"
    # It is a deploy like others: the next goes back over it.
    ok(database, "rollback")
    assert state(database)["extra"]
    assert "nothing to do" in ok(database, "deploy")


def test_what_others_changed_is_not_overwritten_unasked(shop: Path, database: Clone) -> None:
    database.run("select rota.define_task('total', 'shop.total', timeout => '7 min')")
    assert "task total" in refused(database, "rollback", code=errors.DRIFT)
    assert state(database)["extra"], "nothing was done"
    ok(database, "rollback", "--force")
    assert state(database)["timeout"] == "01:00:00"


def test_migrations_stay_unless_asked_and_go_where_they_can(shop: Path, database: Clone) -> None:
    add_migration(shop, 1, "alter table shop.orders add column paid bool")
    (path,) = shop.glob("migrations/versions/*.py")
    path.write_text(
        path.read_text().replace(
            'run_sql("")', 'run_sql("alter table shop.orders drop column paid")'
        )
    )
    ok(database, "deploy")
    assert state(database)["columns"] == 2
    planned = here("rollback", "--plan", url=database.url())
    assert "at migration 0001" in planned.stderr
    ok(database, "rollback", "--migrations")
    assert state(database)["columns"] == 1
    ok(database, "deploy")
    assert state(database)["columns"] == 2

    path.write_text(path.read_text().split("def downgrade")[0] + "def downgrade() -> None:\n"
                    "    raise NotImplementedError\n")  # fmt: skip
    assert "cannot be undone" in refused(database, "rollback", "--migrations")
    assert state(database)["columns"] == 2, "nothing was done"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback", "9"), "project shop has 3 deploys on record"),
        (("rollback", "--to", "99999"), "deploy 99999 is not on record"),
        (("rollback", "--of", "nobody"), "project nobody is not deployed"),
        (("rollback", "9", "--of", "rota"), "project rota has "),
    ],
)
def test_where_there_is_nothing_to_go_back_to(
    shop: Path, database: Clone, arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(database, *arguments)
