"""rota doctor and rota status: what is wrong, and what to type."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable

import psycopg
import pytest

from harness import Clone, wait_until
from pgrota import diagnosis
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.server import Server
from support_deploy import rota


def check(database: Clone, name: str, user: str = "postgres") -> dict | None:
    rows = diagnosis.checks(Database(database.url(user)))
    return next((row for row in rows if row["check_name"] == name), None)


@pytest.fixture
def deployed(database: Clone) -> Clone:
    deploy(database.url())
    return database


def test_it_ends_with_code_1_while_something_is_critical(deployed: Clone) -> None:
    done = rota("doctor", url=deployed.url())
    assert done.returncode == 1
    assert done.stdout.startswith("critical")
    assert "pg_cron lives in database cron, not in this one" in done.stdout
    assert "-> alter system set cron.database_name" in done.stdout

    deployed.work()
    deployed.supervise()
    wait_until(
        lambda: deployed.value("select count(*) from rota_core.worker") == 2, what="two workers"
    )
    done = rota("doctor", "--json", url=deployed.url())
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (0, "ok"), done.stdout
    assert {row["status"] for row in found["checks"]} == {"ok"}


def test_a_database_without_rota(empty_database: Clone) -> None:
    done = rota("doctor", url=empty_database.url())
    assert done.returncode == 1
    assert "rota is not installed in this database" in done.stdout
    assert "-> rota deploy" in done.stdout
    assert rota("status", url=empty_database.url()).returncode == 0


def test_no_way_to_the_database() -> None:
    assert rota("doctor", url="postgresql://x@127.0.0.1:1/none").returncode == 8


def test_a_reader_sees_it_too(deployed: Clone) -> None:
    deployed.run(
        "do $$ begin create role looker login; exception when duplicate_object then end $$"
    )
    assert check(deployed, "health", "looker")["hint"] == "grant rota_reader to looker;"
    deployed.run("grant rota_reader to looker")
    assert check(deployed, "supervisor", "looker")["status"] in ("warning", "critical")
    assert check(deployed, "engine", "looker")["status"] == "no rights"
    assert "no supervisor" in rota("status", url=deployed.url("looker")).stdout


def test_another_version_of_the_tool(deployed: Clone) -> None:
    assert check(deployed, "engine")["status"] == "ok"
    deployed.run("update rota_core.deployed_file set source_hash = source_hash"
                 " where file = 'report/health.sql'")  # fmt: skip
    deployed.run("delete from rota_core.deployed_file where file = 'report/health.sql'")
    found = check(deployed, "engine")
    assert (found["detail"], found["hint"]) == ("1 files differ from what is here", "rota plan")
    deployed.run("update rota_core.deploy set tool_version = '99.1'")
    found = check(deployed, "engine")
    assert found["status"] == "warning"
    assert found["detail"].startswith("deployed by rota 99.1")
    assert "pip install pgrota==99.1" in found["hint"]


def test_clocks_that_differ(deployed: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=2)
    database = Database(deployed.url())
    value = database.value
    monkeypatch.setattr(
        database, "value", lambda sql, *p: late if "clock_timestamp" in sql else value(sql, *p)
    )
    found = next(r for r in diagnosis.checks(database) if r["check_name"] == "clock")
    assert found["status"] == "warning"
    assert "120 s away" in found["detail"]


def test_a_worker_role_that_cannot_log_in(make_server: Callable[..., Server], harness) -> None:
    database = harness.clone(make_server())
    deploy(database.url())
    assert check(database, "login as rota_worker")["status"] == "ok"
    database.run("alter role rota_worker nologin")
    assert check(database, "login of rota_worker")["hint"] == "alter role rota_worker login;"
    found = check(database, "login as rota_worker")
    assert found["status"] == "warning"
    assert "is not permitted to log in" in found["detail"]


class TestPgCron:
    """Each needs a server of its own: settings of pg_cron are read when it starts."""

    @pytest.fixture
    def with_cron(self, make_server: Callable[..., Server]) -> Callable[..., Clone]:
        def make(**settings: object) -> Clone:
            server = make_server(
                cron_database="app", **{f"cron.{name}": value for name, value in settings.items()}
            )
            if not server.has_cron:
                pytest.skip("pg_cron is not installed")
            with server.connect() as connection:
                connection.execute("create database app template rota_template")
            return Clone(server, "app")

        return make

    def test_its_extension_is_missing(self, with_cron: Callable[..., Clone]) -> None:
        database = with_cron()
        deploy(database.url())
        found = check(database, "pg_cron")
        assert found["status"] == "critical"
        assert "its extension is missing" in found["detail"]
        database.run("create extension pg_cron")
        assert "may not schedule jobs" in check(database, "pg_cron")["detail"]
        assert "cron job" in {change.kind for change in deploy(database.url()).changes}
        assert check(database, "pg_cron")["status"] == "ok"

    def test_mode_slots_and_launcher(self, with_cron: Callable[..., Clone]) -> None:
        database = with_cron(use_background_workers="on", max_running_jobs=5)
        database.run("create extension pg_cron")
        deploy(database.url())
        for user in ("postgres", "rota_reader_too"):
            if user != "postgres":
                database.run("create role rota_reader_too login in role rota_reader")
            mode = check(database, "pg_cron mode", user)
            assert mode["status"] == "critical"
            assert "one after another" in mode["detail"]
            slots = check(database, "pg_cron slots", user)
            assert slots["status"] == "warning"
            assert "alter system set cron.max_running_jobs = 6" in slots["hint"]
            wait_until(lambda: check(database, "pg_cron launcher", user)["status"] == "ok")  # noqa: B023
        database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'pg_cron scheduler'"
        )
        wait_until(lambda: check(database, "pg_cron launcher")["status"] == "critical", interval=0)

    def test_jobs_of_a_role_that_is_gone(self, with_cron: Callable[..., Clone]) -> None:
        database = with_cron()
        database.run("create extension pg_cron")
        deploy(database.url())
        name = "pg_cron jobs of vanished roles"
        assert check(database, name)["status"] == "ok"
        database.run("insert into cron.job (schedule, command, nodename, nodeport, username)"
                     " values ('0 0 1 1 *', 'select 1', '', 5432, 'left_long_ago')")  # fmt: skip
        found = check(database, name)
        assert found["status"] == "critical"
        assert "left_long_ago" in found["detail"]
        database.run(found["hint"])
        assert check(database, name)["status"] == "ok"
        database.run("create role looker login in role rota_reader")
        assert check(database, name, "looker")["status"] == "no rights"


def test_status_shows_workers_schedules_and_failures(deployed: Clone) -> None:
    deployed.run("create schema app; grant usage on schema app to rota_worker")
    deployed.run("create function app.fail() returns void language plpgsql as $$ begin"
                 " raise exception 'no milk today'; end $$")  # fmt: skip
    deployed.run("select rota.define_task('fail', 'app.fail', max_attempts => 1)")
    deployed.run("select rota.define_schedule('daily', '0 3 * * *', task => 'fail')")
    deployed.run("select rota.start('fail')")
    deployed.work()
    failed = "select 1 from rota.runs where state = 'failed'"
    wait_until(lambda: deployed.value(failed), what="the run to fail")

    shown = rota("status", url=deployed.url())
    assert shown.returncode == 0
    for word in ("no milk today", "daily", "0 3 * * *", "default", "P0001", "failed runs"):
        assert word in shown.stdout

    found = json.loads(rota("status", "--json", url=deployed.url()).stdout)
    assert [row["task"] for row in found["failures"]] == ["fail"]
    assert [row["lane"] for row in found["workers"]] == ["default"]
    assert [row["name"] for row in found["schedules"]] == ["daily"]
    assert found["schedules"][0]["next_at"]


def test_status_for_somebody_who_may_see_nothing(deployed: Clone) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        deployed.run("table rota.runs", user="rota_worker")
    shown = rota("status", url=deployed.url("rota_worker"))
    assert shown.returncode == 0
    assert "grant rota_reader to rota_worker;" in shown.stdout
