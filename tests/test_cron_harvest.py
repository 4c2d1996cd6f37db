"""Commands that pg_cron has run become history, each once; what pg_cron keeps is purged."""

from __future__ import annotations

import psycopg
import pytest

from harness import Clone, wait_until
from support_crash import kill_noticed
from support_cron_jobs import (
    ends,
    harvest,
    health,
    job_id,
    ran,
    tend,
    tidy,
    with_command,
)

FAILURE = """ERROR:  relation "gone" does not exist
LINE 1: vacuum gone
DETAIL:  It went.
HINT:  Look for it.
"""


@pytest.fixture
def app(cron_database: Clone) -> Clone:
    return with_command(cron_database)


def runs(app: Clone) -> list[tuple]:
    return app.run(
        "select r.state, r.origin, r.input ->> 'command', r.output ->> 'message',"
        " r.error ->> 'message' from rota.runs as r where r.task = 'tidy' order by r.run_id"
    )


def test_what_has_ended_is_a_run_with_a_slot(app: Clone) -> None:
    app.run("select rota.define_schedule('bell', '* * * * *', 'work')")
    ran(app, tidy(app), start="'2026-01-01 12:05:00.3+00'", end="'2026-01-01 12:07:30+00'")
    app.run("update rota_core.cron_job set written_at = '2025-12-01'")
    ran(app, tidy(app), "failed", FAILURE, command="vacuum gone")
    ran(app, tidy(app), "failed", "connection failed", start=None, end=None)
    # Doorbells and workers, others' runs, and another database's are no history of ours.
    ran(app, job_id(app, "schedule:bell"), command="select rota_core.fire_due('bell')")
    ran(app, job_id(app, "supervisor"), command="call rota.supervise()")
    ran(app, tidy(app), username="postgres")
    ran(app, tidy(app), database="another")

    assert [harvest(app), harvest(app)] == [3, 0]
    assert runs(app) == [
        ("succeeded", "schedule:tidy", "vacuum", "VACUUM", None),
        ("failed", "schedule:tidy", "vacuum gone", None, 'relation "gone" does not exist'),
        ("failed", "schedule:tidy", "vacuum", None, "connection failed"),
    ]
    (first, second, third) = app.run(
        "select r.run_id, r.lane, r.finished_at - r.started_at, r.error from rota.runs as r"
        " order by r.run_id"
    )
    assert (first[1], str(first[2])) == ("pg_cron", "0:02:29.700000")
    assert second[3] == {
        "message": 'relation "gone" does not exist',
        "detail": "It went.",
        "hint": "Look for it.",
    }
    assert third[2] is None
    assert app.run(
        "select s.slot, s.outcome, s.fired_by from rota.slots as s where s.run_id = %s", first[0]
    ) == app.run("select timestamptz '2026-01-01 12:05+00', 'started', 'pg_cron'")
    outcomes = app.run("select a.outcome from rota.attempts as a order by a.run_id")
    assert outcomes == [("succeeded",), ("failed",), ("failed",)]
    shown = "select s.last_outcome from rota.schedules as s where s.name = 'tidy'"
    assert app.value(shown) == "started"


def test_a_command_that_goes_on_is_waited_for_whatever_becomes_of_its_schedule(app: Clone) -> None:
    number = tidy(app)
    start = "date_trunc('hour', now()) + interval '5 min'"
    under_way = [ran(app, number, "running", None, start, None) for _ in range(3)]
    connecting = ran(app, number, "connecting", None, None, None)
    late = ran(app, number, end="now() + interval '1 min'")
    assert harvest(app) == 0
    ends(app, under_way[0], "succeeded", "VACUUM")
    assert harvest(app) == 1

    app.run("select rota.define_schedule('tidy', '0 4 * * *', command => 'vacuum analyze')")
    assert tidy(app) == number
    ends(app, under_way[1], "succeeded", "VACUUM")
    app.run("select rota.drop_schedule('tidy')")
    ends(app, under_way[2], "failed", "ERROR:  canceling statement due to user request\n")
    assert harvest(app) == 2
    slot = app.value("select s.slot from rota.slots as s where s.run_id is not null")
    assert slot == app.value(f"select {start}")

    # pg_cron forgets what was about to start when the server ended.
    app.run("update rota_core.cron_command set seen_at = now() - interval '2 min'")
    app.run("update cron.job_run_details set end_time = now() - interval '2 s' where runid = %s",
            late)  # fmt: skip
    assert harvest(app) == 2
    assert runs(app)[-2:] == [
        ("failed", "schedule:tidy", "vacuum", None, "pg_cron did not start it"),
        ("succeeded", "schedule:tidy", "vacuum", "VACUUM", None),
    ]
    assert connecting > under_way[2]
    assert app.value("select count(*) from rota_core.cron_command") == 0


def test_two_supervisors_and_a_crash_between_enter_it_once(app: Clone) -> None:
    ran(app, tidy(app))
    with pytest.raises(psycopg.OperationalError), app.connect("rota_worker", autocommit=False) as a:
        assert a.execute("select rota_core.harvest_cron()").fetchone() == (1,)
        assert harvest(app) == 0, "the other is at it"
        kill_noticed(app.server, a.info.backend_pid)
        a.execute("select 1")
    app.server.wait_ready()
    assert [harvest(app), harvest(app)] == [1, 0]
    assert len(runs(app)) == 1


def test_the_server_restarts_during_a_command(app: Clone) -> None:
    ran(app, tidy(app), "running", None, end=None)
    assert harvest(app) == 0
    app.server.kill()
    app.server.start()
    marked = "select count(*) from cron.job_run_details as d where d.return_message ~ 'restarted'"
    wait_until(lambda: app.value(marked) == 1, what="pg_cron to mark it")
    assert [harvest(app), harvest(app)] == [1, 0]
    assert runs(app) == [("failed", "schedule:tidy", "vacuum", None, "server restarted")]


def test_such_a_run_is_neither_retried_nor_cancelled(app: Clone) -> None:
    app.run("select rota.define_task('tidy', 'public.work')")
    ran(app, tidy(app), "failed", "ERROR:  no\n")
    harvest(app)
    run = app.value("select r.run_id from rota.runs as r")
    assert app.value("select rota.cancel(%s)", run) == "failed"
    with pytest.raises(psycopg.Error, match="which pg_cron alone can start") as refused:
        app.run("select rota.retry(%s)", run)
    assert refused.value.sqlstate == "RT001"
    assert refused.value.diag.message_hint == "Run it yourself: vacuum"
    assert app.value("select rota.retry_all('tidy', '2020-01-01')") == 0
    assert app.value("select count(*) from rota_core.run") == 0
    assert [a["outcome"] for a in app.value("select rota.get_run(%s)", run)["attempts"]] == [
        "failed"
    ]


def test_without_rights_on_the_history_nothing_breaks_and_health_says_so(app: Clone) -> None:
    assert health(app, "pg_cron history")[0]["status"] == "ok"
    app.run("revoke select, delete on cron.job_run_details from public")
    ran(app, tidy(app))
    assert harvest(app) == 0
    assert tend(app)
    assert app.value("select rota_core.ring_cron(true)")
    assert app.run("select l.message from rota.logs as l") == []
    app.run("create role looker login in role rota_reader")
    for user in ("postgres", "looker"):
        (row,) = health(app, "pg_cron history", user)
        assert row["status"] == "warning"
        assert "may not read" in row["detail"]
    app.run("grant select on cron.job_run_details to rota_worker")
    assert "may not delete" in health(app, "pg_cron history")[0]["detail"]
    assert tend(app)
    app.run(row["hint"].partition(": ")[2])
    assert health(app, "pg_cron history")[0]["status"] == "ok"
    assert harvest(app) == 1


def test_a_paused_command_does_not_run(app: Clone) -> None:
    app.run("select rota.pause('schedule', 'tidy', until => now() + interval '1 hour')")
    name = "select count(*) from cron.job as j where j.jobname = 'rota:app:schedule:tidy'"
    assert tend(app)
    assert app.value(name) == 0
    app.run("update rota_core.pause set until = now()")
    assert tend(app)
    assert app.value(name) == 1
