"""rota doctor on what keeps pg_cron from starting anything.

Each needs a server of its own: settings of pg_cron are read when it starts.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Clone, Harness, wait_until
from pgrota.deploy import deploy
from pgrota.server import Server
from support_commands import check


@pytest.fixture
def with_cron(harness: Harness, make_server: Callable[..., Server]) -> Callable[..., Clone]:
    def make(**settings: object) -> Clone:
        own = {f"cron.{name}": value for name, value in settings.items()}
        return harness.clone_for_cron(make_server(cron_database="app", **own))

    return make


def test_its_extension_is_missing(with_cron: Callable[..., Clone]) -> None:
    database = with_cron()
    deploy(database.url())
    found = check(database, "pg_cron")
    assert found["status"] == "critical"
    assert "its extension is missing" in found["detail"]
    database.run("create extension pg_cron")
    assert "may not schedule jobs" in check(database, "pg_cron")["detail"]
    assert "cron job" in {change.kind for change in deploy(database.url()).changes}
    assert check(database, "pg_cron")["status"] == "ok"


def test_mode_slots_and_launcher(with_cron: Callable[..., Clone]) -> None:
    database = with_cron(use_background_workers="on", max_running_jobs=5)
    database.run("create extension pg_cron")
    deploy(database.url())
    database.run("create role rota_reader_too login in role rota_reader")
    for user in ("postgres", "rota_reader_too"):
        mode = check(database, "pg_cron mode", user)
        assert mode["status"] == "critical"
        assert "one after another" in mode["detail"]
        slots = check(database, "pg_cron slots", user)
        assert slots["status"] == "warning"
        assert "alter system set cron.max_running_jobs = 6" in slots["hint"]
        wait_until(lambda: check(database, "pg_cron launcher", user)["status"] == "ok")  # noqa: B023

    # The postmaster starts it anew after a second.
    def is_missed() -> bool:
        database.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'pg_cron scheduler'"
        )
        return check(database, "pg_cron launcher")["status"] == "critical"

    wait_until(is_missed)


def test_it_cannot_log_in_or_is_elsewhere(with_cron: Callable[..., Clone]) -> None:
    database = with_cron(max_running_jobs=20)
    database.run("create extension pg_cron")
    database.run("select rota.define_lane('default', workers => 8)")
    deploy(database.url())
    assert check(database, "pg_cron starts")["status"] == "ok"
    # As pg_cron 1.4 writes it down when pg_hba.conf does not let the role in.
    database.run(
        "insert into cron.job_run_details (jobid, runid, database, username, command, status,"
        " return_message) select j.jobid, 900, j.database, j.username, j.command, 'failed',"
        " 'connection failed' from cron.job as j limit 1"
    )
    found = check(database, "pg_cron starts")
    assert found["status"] == "critical"
    assert found["detail"].endswith("connection failed")
    assert "cron.host" in found["hint"]
    database.run("update cron.job_run_details set start_time = now(), status = 'running'")
    assert check(database, "pg_cron starts")["status"] == "ok"

    # Fewer slots than the last deploy knew of, and pg_cron in another database.
    assert check(database, "pg_cron slots")["status"] == "ok"
    database.server.settings |= {"cron.max_running_jobs": 8}
    database.server.cron_database = "postgres"
    database.server.restart()
    found = check(database, "pg_cron slots")
    assert found["status"] == "critical"
    assert "9 jobs that never end take all 8 slots" in found["detail"]
    assert found["hint"].endswith("then: rota deploy")
    found = check(database, "pg_cron")
    assert found["status"] == "critical"
    assert "pg_cron works in database postgres" in found["detail"]
    assert "alter system set cron.database_name = 'app'" in found["hint"]

    # And not loaded at all.
    (database.server.data / "postgresql.auto.conf").write_text("shared_preload_libraries = ''\n")
    database.server.restart()
    found = check(database, "pg_cron launcher")
    assert found["detail"] == "the server has not loaded pg_cron"
    assert "shared_preload_libraries" in found["hint"]


def test_jobs_of_a_role_that_is_gone(with_cron: Callable[..., Clone]) -> None:
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
