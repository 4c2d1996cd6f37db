"""Removing a project: nothing of it stays but its data, and the engine does not notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone, Harness
from pgrota import config, errors, project_removal, scaffold
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.errors import LockedOut, Problem
from pgrota.transaction import LOCK, Patience
from support_deploy import bare, dump, new_database, rota
from support_project import ORDERS, TOTAL, add_migration, make, put, recorded, write

SCHEMA = "create schema if not exists shop;"
NOTE = """
create or replace function shop.note() returns trigger language plpgsql as $$
begin return new; end $$;
create or replace trigger note before insert on shop.orders
for each row execute function shop.note();
"""
DEFINED = """
-- requires: total.sql
select rota.define_task('total', 'shop.total');
select rota.define_schedule('total', '0 3 * * *');
select rota.define_lane('slow');
select rota.define_task('orders', 'shop.total', lane => 'slow');
select rota.watch_table('shop.orders');
select rota.subscribe('orders', 'shop.orders', task => 'orders');
select rota.pause('schedule', 'total');
"""


@pytest.fixture
def shop(tmp_path: Path) -> config.Config:
    # The schema is the migration's, and goes with it.
    add_migration(tmp_path, 1, ORDERS, "drop table shop.orders; drop schema shop;")
    view = "create or replace view shop.ids as select o.id from shop.orders as o;"
    whole = "create materialized view if not exists shop.stored as select o.id from shop.orders o;"
    files = {"total.sql": TOTAL, "note.sql": NOTE, "define.sql": DEFINED, "ids.sql": view}
    return make(tmp_path, files | {"stored.sql": whole})


def remove(database: Clone, name: str = "shop", **options):
    return project_removal.remove(Database(database.url()), name, **options)


@pytest.fixture
def engine(database: Clone) -> Clone:
    deploy(database.url())
    return database


def test_nothing_is_left(engine: Clone, shop: config.Config) -> None:
    before = dump(engine)
    counted = [f"select count(*) from rota_core.{table}"
               for table in ("task", "schedule", "subscription", "pause", "lane",
                             "deployed_object", "deployed_file")]  # fmt: skip
    counts = [engine.value(query) for query in counted]
    put(engine, shop)
    assert [engine.value(query) for query in counted] != counts
    removed = remove(engine, migrations=shop)
    assert removed.kept == []
    assert {"task total", "schedule total", "subscription orders", "watch shop.orders",
            "lane slow", "function shop.total(jsonb)", "view shop.ids", "migration 0001 Step 1.",
            "materialized view shop.stored", "trigger note on shop.orders"} <= set(
                removed.removed)  # fmt: skip
    assert dump(engine) == before
    assert [engine.value(query) for query in counted] == counts
    assert deploy(engine.url()).changes == []
    # That it was there, and that it was removed, stays known; and it can come back.
    log = "select d.changes -> -1 ->> 'kind' from rota_core.deploy as d order by deploy_id desc"
    assert engine.value(log) == "project"
    with pytest.raises(Problem, match="project shop is not deployed here"):
        remove(engine)
    assert put(engine, shop).changed


def test_its_tables_hold_data_and_stay(engine: Clone, shop: config.Config) -> None:
    put(engine, shop)
    engine.run("insert into shop.orders values (1)")
    removed = remove(engine)
    assert removed.kept == [
        "the tables of project shop, at migration 0001, with their data;"
        " to drop them: rota remove shop --migrations"
    ]
    assert engine.value("select count(*) from shop.orders") == 1
    assert recorded(engine) == {}
    again = remove(engine)
    assert (again.removed, again.kept) == ([], removed.kept)
    put(engine, shop)
    assert engine.value("select shop.total('{}')") == {"orders": 1}
    remove(engine, migrations=shop)
    assert engine.value("select to_regnamespace('shop')") is None


def test_a_schema_goes_when_it_was_made_for_it_and_is_empty(engine: Clone, tmp_path: Path) -> None:
    engine.run("create schema theirs")
    text = SCHEMA + "create schema if not exists theirs;"
    put(engine, make(tmp_path, {"schema.sql": text}))
    engine.run("create table shop.mine ()")
    assert remove(engine).kept == ["schema shop: it is not empty"]
    assert engine.value("select to_regnamespace('theirs')") is not None
    engine.run("drop schema shop cascade")
    put(engine, make(tmp_path, {"schema.sql": text}))
    assert remove(engine).removed == ["schema shop", "project shop"]
    assert engine.value("select to_regnamespace('theirs')") is not None


def test_what_others_have_and_what_hangs_on_it(engine: Clone, shop: config.Config) -> None:
    put(engine, shop)
    engine.run("create view public.mine as select s.id from shop.ids as s")
    with pytest.raises(Problem, match="other objects depend on shop") as refused:
        remove(engine)
    assert refused.value.detail == "view public.mine"
    assert engine.value("select count(*) from rota.tasks") == 2, "it is all or nothing"
    assert remove(engine, force=True).removed
    assert engine.value("select to_regclass('public.mine')") is None


@pytest.mark.parametrize("kind", ["task", "pipeline"])
def test_live_runs(engine: Clone, shop: config.Config, kind: str) -> None:
    if kind == "pipeline":
        steps = "select rota.define_pipeline('flow', array[rota.step('a', 'total')]);"
        write(shop.home / "sql", {"flow.sql": f"-- requires: define.sql\n{steps}\n"})
    put(engine, shop)
    name = {"task": "total", "pipeline": "flow"}[kind]
    engine.run("select rota.start(%s)", name)
    with pytest.raises(Problem, match=f"{kind} {name} has 1 queued and 0 running") as refused:
        remove(engine)
    assert "rota remove shop --force" in refused.value.hint
    remove(engine, force=True)
    assert engine.run("select r.state from rota.runs as r") == [("cancelled",)]


def test_a_watch_that_others_read_stays(engine: Clone, shop: config.Config) -> None:
    put(engine, shop)
    engine.run("create function public.work(input jsonb) returns void language sql as ''")
    engine.run("select rota.define_task('theirs', 'public.work')")
    engine.run("select rota.subscribe('theirs', 'shop.orders', task => 'theirs')")
    removed = remove(engine)
    assert "watch shop.orders: there are subscriptions of others to it" in removed.kept
    assert engine.run("select w.name from rota.watches as w") == [("shop.orders",)]


def test_a_migration_without_a_way_back(engine: Clone, shop: config.Config) -> None:
    path = add_migration(shop.home, 2, "select 1;")
    text = path.read_text().replace('run_sql("")', "raise NotImplementedError('no way back')")
    path.write_text(text)
    put(engine, shop)
    before = dump(engine)
    with pytest.raises(Problem, match=r"0002_step.py, line \d+: NotImplementedError: no way back"):
        remove(engine, migrations=shop)
    assert dump(engine) == before
    assert recorded(engine) == {"shop": 5}


def test_a_recipe(harness: Harness) -> None:
    clone = harness.clone(template=harness.recipes().name)
    removed = remove(clone, "welcome")
    assert removed.kept == ["the tables of the sample application: drop them yourself"]
    assert "task welcome" in removed.removed
    assert clone.value("select count(*) from rota.tasks as t where t.name = 'welcome'") == 0
    assert clone.value("select count(*) from rota.tasks as t where t.name = 'invoice'") == 1
    clone.close()


def test_its_cron_jobs(cron_database: Clone, tmp_path: Path) -> None:
    deploy(cron_database.url())
    jobs = "select jobname from cron.job order by 1"
    before = cron_database.run(jobs)
    scaffold.init(tmp_path, "shop")
    put(cron_database, config.at(tmp_path))
    (added,) = set(cron_database.run(jobs)) - set(before)
    assert f"cron job {added[0]}" in remove(cron_database).removed
    assert cron_database.run(jobs) == before


def test_the_command(engine: Clone, tmp_path: Path) -> None:
    scaffold.init(tmp_path, "shop")
    put(engine, config.at(tmp_path))
    asked = rota("remove", "shop", url=engine.url())
    assert asked.returncode == errors.ERROR
    assert "with 1 functions, views and triggers and 2 definitions?" in asked.stderr
    wrong = rota("remove", "shop", "--migrations", "--yes", url=engine.url())
    assert wrong.stderr.startswith("Error: the migrations of shop are not here\n")
    wrong = rota("remove", "shp", "--yes", url=engine.url())
    assert wrong.stderr.startswith("Error: project shp is not deployed here\ndeployed here: shop")
    done = rota("remove", "shop", "--yes", url=engine.url())
    assert done.returncode == 0, done.stderr
    for words in ("- schedule shop-size", "- task shop-size", "- schema shop", "- project shop"):
        assert words in done.stdout
    assert "removed\n" in done.stdout


def test_with_rota_itself_its_tables_stay(make_server, shop: config.Config) -> None:
    database = new_database(bare(make_server), "app")
    write(shop.home, {"sql/schema.sql": "create schema if not exists extra;"})
    put(database, shop)
    done = rota("remove", "--yes", url=database.url())
    assert done.returncode == 0, done.stderr
    assert "kept the tables of project shop, at migration 0001" in done.stdout
    for words in ("view shop.ids", "materialized view shop.stored", "schema extra"):
        assert f"  - {words}\n" in done.stdout
    assert database.run("select c.relname from pg_class as c where c.relkind in ('r', 'v', 'm')"
                        " and c.relnamespace = 'shop'::regnamespace") == [("orders",)]  # fmt: skip


def test_a_deploy_that_is_under_way_is_waited_for(engine: Clone, shop: config.Config) -> None:
    put(engine, shop)
    with engine.connect(autocommit=False) as other:
        other.execute("select pg_advisory_xact_lock(%s, %s)", LOCK)
        with pytest.raises(LockedOut, match="another deploy of this database is under way"):
            remove(engine, patience=Patience(lock=0.2))
        other.rollback()
    with engine.connect(autocommit=False) as reader:
        reader.execute("select * from shop.orders")
        told: list[str] = []

        def say(message: str) -> None:
            told.append(message)
            reader.rollback()

        assert "watch shop.orders" in remove(engine, say=say).removed
    assert "trying again" in told[0]
