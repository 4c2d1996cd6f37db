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
from support_commands import check
from support_deploy import rota


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
    assert check(empty_database, "ready for deploy")["status"] == "ok"
    found = check(empty_database, "ready for deploy", "rota_worker")
    assert found["status"] == "critical"
    assert found["detail"].startswith("role rota_worker may not act as rota_owner")
    assert found["hint"].startswith("as that role or a superuser: grant rota_owner")
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


def test_a_read_only_database(deployed: Clone) -> None:
    assert check(deployed, "writes")["status"] == "ok"
    with deployed.connect() as connection:
        connection.execute(f"alter database {deployed.name} set default_transaction_read_only = on")
        found = check(deployed, "writes")
        assert found["status"] == "warning"
        assert "starts and deploys are refused" in found["detail"]
        assert found["hint"].endswith(
            f"alter database {deployed.name} set default_transaction_read_only = off;"
        )
        role = f"alter role rota_worker in database {deployed.name}"
        connection.execute(f"{role} reset default_transaction_read_only")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            deployed.run("call rota.work(budget => '1 ms')", user="rota_worker")
        found = check(deployed, "writes")
        assert found["status"] == "critical"
        connection.execute(found["hint"].split("; then: ")[1])
        assert check(deployed, "writes")["status"] == "warning"
        deployed.run("call rota.work(budget => '1 ms')", user="rota_worker")


def test_facts_that_only_a_server_of_its_own_shows(
    make_server: Callable[..., Server], harness
) -> None:
    """One server with too few of everything."""
    database = harness.clone(make_server(max_connections=12, track_activities="off"))
    found = check(database, "sight of workers")
    assert found["status"] == "critical"
    assert "track_activities is off" in found["detail"]
    database.run(found["hint"].split("; then: ")[0].removeprefix("As a superuser: "))
    assert check(database, "sight of workers")["status"] == "ok"
    assert check(database, "free connections")["status"] == "ok"
    held = [database.connect("rota_worker") for _ in range(8)]
    wait_until(lambda: check(database, "free connections")["status"] == "warning")
    found = check(database, "free connections")
    assert "of 9 are taken" in found["detail"]
    assert "max_connections" in found["hint"]
    for connection in held:
        connection.close()


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
