"""What was adopted is given back: the jobs fire again, and functions are what they were."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

from harness import Clone, Harness
from pgrota import config, project_removal
from pgrota.database import Database
from support_adopt import adopt, others, schedule, world_of
from support_deploy import bare, new_database, rota
from support_project import make, put
from support_run import ok, refused

FUNCTIONS = """
select p.oid::regprocedure::text, p.prosrc, pg_get_userbyid(p.proowner),
  array(
    select a::text from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) as a order by 1
  ),
  obj_description(p.oid)
from pg_proc as p where p.pronamespace = 'app'::regnamespace order by 1
"""
OURS = "select count(*) from cron.job as j where j.jobname like 'rota:%:schedule:%'"


@pytest.fixture(scope="module")
def world(harness: Harness) -> Iterator[Clone]:
    with world_of(harness) as clone:
        clone.run("grant alice to rota_worker")
        clone.run("grant bob to rota_worker")
        yield clone


@pytest.fixture
def app(world: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clone]:
    """A project that is deployed, and jobs that somebody typed."""
    put(world, make(tmp_path, {"one.sql": "create or replace view app.one as select 1 as one;"}))
    monkeypatch.chdir(tmp_path)
    schedule(world, "alice", "nightly", "0 3 * * *", "select app.nightly()")
    schedule(world, "alice", None, "30 4 * * *", "select count_up(30)")
    schedule(world, "alice", "tidy", "0 4 * * sun", "vacuum (analyze) done")
    still = schedule(world, "bob", "nightly", "0 6 * * *", "delete from app.done")
    world.run("update cron.job set active = false where jobid = %s", still)
    yield world
    world.run("delete from cron.job where username <> 'rota_worker'")
    if world.value("select count(*) from rota_core.deployed_file where project = 'shop'"):
        project_removal.remove(Database(world.url()), "shop", force=True)
    world.run("delete from cron.job where username <> 'rota_worker'")


def take(app: Clone, place: Path) -> None:
    adopt(app, place)
    put(app, config.at(place))
    assert others(app) == []
    assert app.value(OURS) > 0


def test_a_rollback_past_it(app: Clone, tmp_path: Path) -> None:
    place = "select distinct j.database, j.nodename, j.nodeport from cron.job as j"
    before = others(app), app.run(FUNCTIONS), app.run(place)
    take(app, tmp_path)
    path = tmp_path / "sql/adopted/functions/app.nightly.sql"
    path.write_text(
        path.read_text().replace("('nightly')", "('changed')")
        + "comment on function app.nightly() is 'Ours.';\n"
        + "grant execute on function app.nightly() to rota_reader;\n"
        + "alter function app.nightly() owner to postgres;\n"
    )
    put(app, config.at(tmp_path))
    assert app.run(FUNCTIONS) != before[1]

    assert (
        "function app.nightly() is as it was before"
        in rota("rollback", "2", "--plan", url=app.url()).stderr
    )
    assert others(app) == [], "a plan changes nothing"
    ok(app, "rollback", "2")
    assert sorted(others(app), key=str) == sorted(before[0], key=str)
    assert app.run(place) == before[2]
    assert app.run(FUNCTIONS) == before[1]
    assert app.value(OURS) == 0
    assert app.run("select s.name from rota.schedules as s") == []
    made = "select p.proname from pg_proc as p where p.pronamespace = 'adopted'::regnamespace"
    assert app.run(made) == []
    assert "app.nightly" not in ok(app, "drift")
    # The files are still there: deployed again they take it all over again.
    ok(app, "deploy")
    assert others(app) == []
    ok(app, "rollback")
    assert sorted(others(app), key=str) == sorted(before[0], key=str)
    assert app.run(FUNCTIONS) == before[1]


def test_what_was_put_there_meanwhile(app: Clone, tmp_path: Path) -> None:
    before = others(app)
    take(app, tmp_path)
    schedule(app, "alice", "nightly", "0 5 * * *", "select app.nightly()")
    said = refused(app, "rollback")
    assert "cron job 'nightly' of alice cannot be put back" in said
    assert 'It is "0 5 * * *" select app.nightly(), not "0 3 * * *"' in said
    assert "select rota.drop_schedule('nightly')" in said
    assert len(others(app)) == 1, "nothing was changed"
    app.run("select cron.unschedule(j.jobid) from cron.job as j where j.username = 'alice'")
    schedule(app, "alice", "nightly", "0 3 * * *", "select app.nightly()")
    ok(app, "rollback")
    assert sorted(others(app), key=str) == sorted(before, key=str), "it is there once"


def test_who_may_not_act_for_its_owner(app: Clone, tmp_path: Path) -> None:
    take(app, tmp_path)
    app.run("grant rota_owner to deployer; grant rota_worker to deployer")
    app.run("grant create on database app to deployer")
    with app.connect("deployer") as connection:
        for owner, why in (
            ("postgres", "deployer may not act for postgres."),
            ("bob", "deployer may not put it there: permission denied for function alter_job."),
            ("carl", "There is no role carl any longer."),
        ):
            with pytest.raises(InsufficientPrivilege, match="cannot be put back") as refusal:
                connection.execute(
                    "select rota_core.return_cron_job('nightly-bob', '0 6 * * *',"
                    " 'delete from app.done', %s, 'nightly', null, false)",
                    [owner],
                )
            assert refusal.value.diag.message_detail == why
        back = connection.execute(
            "select rota_core.return_cron_job('nightly', '0 3 * * *',"
            " 'select app.nightly()', 'alice', 'nightly', null, true), current_user"
        ).fetchone()
    assert back == (True, "deployer")
    app.run("delete from cron.job where username = 'alice'")


def test_a_slot_is_near(app: Clone, tmp_path: Path) -> None:
    take(app, tmp_path)
    with app.connect(autocommit=False) as connection:
        connection.execute(
            "create or replace function rota_core.wall_clock() returns timestamptz"
            " language sql as $$ select timestamptz '2026-01-01 02:59:50+00' $$"
        )
        with pytest.raises(LockNotAvailable, match="cannot change places now"):
            connection.execute(
                "select rota_core.return_cron_job('nightly', '0 3 * * *',"
                " 'select app.nightly()', 'alice', 'nightly', null, true)"
            )
        connection.rollback()


def test_the_project_is_removed(app: Clone, tmp_path: Path) -> None:
    before = others(app), app.run(FUNCTIONS)
    take(app, tmp_path)
    removed = project_removal.remove(Database(app.url()), "shop")
    assert sorted(others(app), key=str) == sorted(before[0], key=str)
    assert app.run(FUNCTIONS) == before[1]
    assert {"function app.nightly(): as it was before rota took it over",
            "cron job 'nightly' of alice: as it was before rota took it over"} <= set(
                removed.kept)  # fmt: skip
    assert "view app.one" in removed.removed
    assert app.value(OURS) == 0


def test_a_file_that_is_taken_out_takes_all_along(app: Clone, tmp_path: Path) -> None:
    take(app, tmp_path)
    for name in ("nightly.sql", "functions/app.nightly.sql"):
        (tmp_path / "sql/adopted" / name).unlink()
    put(app, config.at(tmp_path), allow_drop=True)
    assert app.value("select to_regprocedure('app.nightly()')") is None
    assert others(app) == []
    app.run(
        "create function app.nightly() returns void language sql set search_path = app"
        " as $$ insert into done (what) values ('nightly') $$;"
        " alter function app.nightly() owner to alice"
    )


def test_rota_is_removed(make_server, tmp_path: Path) -> None:
    """Also without any pg_cron: what was there before stays."""
    database = new_database(bare(make_server), "app")
    database.run("create function public.tick() returns int language sql as 'select 1'")
    text = "create or replace function public.tick() returns int language sql as 'select 2';"
    put(database, make(tmp_path, {"tick.sql": text}))
    assert database.value("select public.tick()") == 2
    done = rota("remove", "--yes", url=database.url())
    assert done.returncode == 0, done.stderr
    assert "kept function public.tick(): as it was before rota took it over" in done.stdout
    assert database.value("select public.tick()") == 1
