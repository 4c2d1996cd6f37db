"""Removing rota: nothing of it stays, and nothing of anybody else's goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import Clone, wait_until
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.errors import Problem
from pgrota.preflight import ROLES
from pgrota.removal import remove
from pgrota.server import Server
from pgrota.transaction import Patience
from support_deploy import bare, cluster, dump, new_database, rota


@pytest.fixture(scope="module")
def fresh_server(harness) -> Iterator[Server]:
    server = bare(harness.make_server)
    with server.connect() as connection:
        connection.execute("create role plain login createrole")
    yield server
    harness.discard(server)


@pytest.fixture
def target(fresh_server: Server) -> Iterator[Clone]:
    database = new_database(fresh_server, "target")
    database.run("grant create on database target to plain")
    yield database
    database.close()
    for role in ROLES:
        with fresh_server.connect() as connection:
            connection.execute(f"drop role if exists {role}")


@pytest.mark.parametrize("user", ["postgres", "plain"])
def test_nothing_is_left(target: Clone, user: str) -> None:
    target.run("create table public.note (at timestamptz)")
    target.run("create table public.whole (at timestamptz) partition by range (at)")
    target.run("create table public.part partition of public.whole default")
    before = dump(target), cluster(target.server)
    deploy(target.url(user))
    target.run("create function public.work() returns void language sql as ''")
    target.run("select rota.define_task('work', 'public.work')")
    target.run("select rota.define_schedule('work', '0 3 * * *')")
    target.run("drop function public.work()")
    target.run("select rota.watch_table('public.note')")
    target.run("select rota.watch_table('public.whole')")
    assert not deploy(target.url(user)).changed
    target.run("alter role rota_worker in database target set work_mem = '8MB'")
    removed = remove(Database(target.url(user)))
    assert removed.kept == []
    assert (dump(target), cluster(target.server)) == before
    assert remove(Database(target.url(user))).removed == []


def test_its_cron_jobs_go(make_server: Callable[..., Server]) -> None:
    server = bare(make_server, cron_database="app")
    if not server.has_cron:
        pytest.skip("pg_cron is not installed")
    database = new_database(server, "app")
    database.run("create extension pg_cron")
    database.run("select cron.schedule('mine', '0 0 1 1 *', 'select 1')")
    before = dump(database), cluster(server), database.run("table cron.job")
    outcome = deploy(database.url())
    assert {c.name for c in outcome.changes if c.kind == "cron job"} >= {"rota:app:supervisor"}
    assert "rota_worker" in {row[0] for row in database.run("select username from cron.job")}
    assert not deploy(database.url()).changed
    database.run(
        "insert into cron.job_run_details (jobid, runid, database, username, command)"
        " values (1, 999, 'app', 'rota_worker', 'call')"
    )
    removed = remove(Database(database.url()))
    assert "cron job rota:app:supervisor" in removed.removed
    assert (dump(database), cluster(server), database.run("table cron.job")) == before
    details = "select count(*) from cron.job_run_details where username = 'rota_worker'"
    assert database.value(details) == 0


def test_roles_that_another_database_needs_stay(target: Clone) -> None:
    other = new_database(target.server, "other")
    for database in (target, other):
        deploy(database.url())
    before = dump(other)
    removed = remove(Database(target.url()))
    assert len(removed.kept) == len(ROLES)
    assert "role rota_owner: used elsewhere" in removed.kept[0]
    assert "other" in removed.kept[0]
    assert dump(other) == before
    assert other.run("show statement_timeout", user="rota_worker") == [("0",)]
    assert not deploy(other.url()).changed
    assert remove(Database(other.url())).kept == []
    other.close()


def test_live_runs_are_not_thrown_away(target: Clone) -> None:
    deploy(target.url())
    target.run("create function public.work() returns void language sql as ''")
    target.run("select rota.define_task('work', 'public.work')")
    target.run("select rota.start('work')")
    before = dump(target)
    with pytest.raises(Problem, match="1 runs are queued or running"):
        remove(Database(target.url()))
    assert dump(target) == before
    assert target.value("select rota_core.setting('draining')") == "false"
    assert "schema rota" in remove(Database(target.url()), force=True).removed


def test_what_depends_on_rota_is_named(target: Clone) -> None:
    deploy(target.url())
    target.run("create view public.mine as select name from rota.tasks")
    target.run("create table public.kept (a int)")
    with pytest.raises(Problem, match="other objects depend on rota") as refused:
        remove(Database(target.url()))
    assert refused.value.detail == "view public.mine"
    assert "view public.mine" in remove(Database(target.url()), force=True).removed
    assert target.value("select to_regclass('public.kept')") is not None


def test_what_its_roles_own_elsewhere_is_not_dropped(target: Clone) -> None:
    deploy(target.url())
    target.run("create table public.kept (a int)")
    target.run("alter table public.kept owner to rota_worker")
    before = dump(target)
    with pytest.raises(Problem, match="own objects of yours") as refused:
        remove(Database(target.url()))
    assert refused.value.detail == "table public.kept belongs to rota_worker"
    assert dump(target) == before
    target.run(refused.value.hint.split(": ", 1)[1])
    assert remove(Database(target.url())).kept == []


def test_grants_to_its_roles_elsewhere_go(target: Clone) -> None:
    target.run("create schema app")
    before = dump(target)
    deploy(target.url())
    target.run("grant usage on schema app to rota_worker, rota_monitor")
    assert remove(Database(target.url())).kept == []
    assert dump(target) == before


def test_workers_leave_first(target: Clone) -> None:
    deploy(target.url())
    workers = [target.work(), target.supervise()]
    wait_until(
        lambda: target.value("select count(*) from rota_core.worker") == 2, what="two workers"
    )
    remove(Database(target.url()), patience=Patience(drain=20))
    assert [worker.join() for worker in workers] == [None, None]


def test_the_command_asks(target: Clone) -> None:
    deploy(target.url())
    asked = rota("remove", url=target.url())
    assert asked.returncode == 1
    assert "with 0 tasks, 0 finished and 0 live runs?" in asked.stderr
    assert target.value("select to_regnamespace('rota')") is not None
    assert rota("remove", "--yes", url=target.url()).returncode == 0
    again = rota("remove", "--yes", url=target.url())
    assert again.stdout == "there was nothing to remove\n"
