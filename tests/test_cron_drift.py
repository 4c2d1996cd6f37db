"""What others do to our jobs in cron.job: put right and logged, or left and shown."""

from __future__ import annotations

import pytest

from harness import Clone
from pgrota.deploy import deploy
from pgrota.drift import Drifted
from support_cron_jobs import health, job_id, jobs, prepare, sync, tend

CHANGES = {
    "supervisor": ("update cron.job set active = false", "inactive"),
    "worker:default:1": (
        "update cron.job set schedule = '1 1 1 1 1'",
        '"1 1 1 1 1" call rota.work',
    ),
    "worker:default:2": ("delete from cron.job", "deleted"),
    "schedule:work": ("update cron.job set command = 'select 7'", '"0 4 * * *" select 7'),
    "schedule:tidy": ("update cron.job set database = 'postgres'", "in database postgres"),
}


@pytest.fixture
def app(cron_database: Clone) -> Clone:
    prepare(cron_database)
    cron_database.run("select rota.define_schedule('work', '0 4 * * *')")
    cron_database.run("select rota.define_schedule('tidy', '0 5 * * *', command => 'vacuum')")
    assert sync(cron_database) == "synced"
    return cron_database


def meddle(app: Clone) -> None:
    """Others change, delete and add jobs of ours."""
    for name, (change, _) in CHANGES.items():
        app.run(f"{change} where jobname = 'rota:app:{name}'")
    app.run("set role rota_worker; select cron.schedule('rota:app:added', '* * * * *', 'select 1')")


def warned(app: Clone) -> dict[str, dict[str, str]]:
    found = app.run(
        "select l.context from rota.logs as l where l.component = 'rota' and l.level = 'warn'"
        " and l.message = format('cron job %s was changed by others and is put right',"
        " l.context ->> 'job')"
    )
    return {row["job"].removeprefix("rota:app:"): row for (row,) in found}


def test_a_deploy_refuses_or_puts_it_right(app: Clone) -> None:
    true = jobs(app)
    app.run("select rota.configure('cron_policy', 'report')")
    meddle(app)
    with pytest.raises(Drifted, match="not as the last deploy left it") as refused:
        deploy(app.url())
    lines = (refused.value.detail or "").splitlines()
    assert "cron job rota:app:worker:default:2: gone" in lines
    assert "cron job rota:app:added: made by others" in lines
    assert "cron job rota:app:schedule:work: changed" in lines
    assert len(lines) == len(CHANGES) + 1
    assert jobs(app) != true
    changes = deploy(app.url(), force=True).changes
    changed = {change.name for change in changes if change.kind == "cron job"}
    assert changed == {f"rota:app:{name}" for name in (*CHANGES, "added")}
    assert jobs(app) == true
    assert app.value("select rota_core.setting('cron_policy')") == "report"
    assert deploy(app.url()).changes == []


def test_it_is_put_right_and_logged(app: Clone) -> None:
    true = jobs(app)
    untouched = app.run("select j.* from cron.job as j order by j.jobid")
    assert tend(app)
    assert app.run("select j.* from cron.job as j order by j.jobid") == untouched
    meddle(app)
    assert set(CHANGES) | {"added"} == {
        row["check_name"].removeprefix("pg_cron job rota:app:")
        for row in health(app, "pg_cron job ")
    }

    assert tend(app)
    assert jobs(app) == true
    lines = warned(app)
    assert set(lines) == {*CHANGES, "added"}
    assert lines["added"]["was"] == '"* * * * *" select 1'
    assert lines["added"]["now"] == "gone"
    assert lines["worker:default:2"]["was"] == "gone"
    assert lines["schedule:tidy"]["was"] == '"0 5 * * *" vacuum (in database postgres)'
    assert lines["schedule:work"]["was"] == '"0 4 * * *" select 7'
    assert lines["schedule:work"]["now"] == "\"0 4 * * *\" select rota_core.fire_due('work')"
    assert lines["supervisor"]["was"] == '"* * * * *" call rota.supervise() (inactive)'
    assert health(app, "pg_cron jobs")[0]["detail"] == "as rota wrote them"

    # What rota itself changes is no drift.
    app.run("select rota.define_lane('default', 1); select rota.define_lane('default', 3)")
    app.run("select rota.define_schedule('work', '1 1 * * *')")
    app.run("select rota.pause('schedule', 'tidy'); select rota.resume('schedule', 'tidy')")
    assert tend(app)
    assert len(jobs(app)) == len(true) + 1
    assert len(warned(app)) == len(lines)


def test_where_it_is_only_reported_nothing_is_touched(app: Clone) -> None:
    true = jobs(app)
    app.run("select rota.configure('cron_policy', 'report')")
    meddle(app)
    before = app.run("select j.* from cron.job as j order by j.jobid")
    assert tend(app)
    assert app.run("select j.* from cron.job as j order by j.jobid") == before
    assert warned(app) == {}
    app.run("create role looker login in role rota_reader")
    shown = {
        row["check_name"].removeprefix("pg_cron job rota:app:"): row
        for row in health(app, "pg_cron job ", "looker")
    }
    assert {row["status"] for row in shown.values()} == {"warning"}
    for name, (_, said) in CHANGES.items():
        assert said in shown[name]["detail"]
    assert "others have made it" in shown["added"]["detail"]

    # What is new is written, and what is defined now.
    app.run("select rota.define_lane('more', 1)")
    app.run("select rota.define_schedule('new', '2 2 * * *', 'work')")
    assert {"worker:more:1", "schedule:new"} <= set(jobs(app))
    app.run("select rota.pause('schedule', 'tidy')")
    gone = "select count(*) from cron.job as j where j.jobname = 'rota:app:schedule:tidy'"
    assert app.value(gone) == 0
    app.run("select rota.resume('schedule', 'tidy')")
    assert jobs(app)["schedule:tidy"] == true["schedule:tidy"]
    assert list(warned(app)) == ["schedule:tidy"]

    # What health tells to type puts each right.
    for name in set(shown) - {"schedule:tidy"}:
        app.run(shown[name]["hint"].partition(" or for all of them")[0])
    assert health(app, "pg_cron job ") == []
    assert tend(app)
    assert {name: job for name, job in jobs(app).items() if name in true} == true
    app.run("delete from cron.job where jobname like '%:schedule:work'")
    app.run("select rota.configure('cron_policy', 'repair')")
    assert tend(app)
    assert jobs(app)["schedule:work"] == true["schedule:work"]


def test_jobs_of_others_are_seen_by_whoever_may_see_them(app: Clone) -> None:
    name = "pg_cron jobs of others"
    app.run("select cron.schedule('mine', '* * * * *', 'select 1')")
    (row,) = health(app, name)
    assert row["status"] == "ok"

    app.run("select cron.schedule('rota:app:supervisor', '* * * * *', 'call rota.supervise()')")
    app.run("select cron.schedule('copied', '0 5 * * *', 'vacuum')")
    app.run("select cron.schedule('typed', '* * * * *', 'CALL rota . work(''default'')')")
    app.run("set role rota_worker; select cron.schedule('extra', '* * * * *', 'call rota.serve()')")
    # Another database's rota is no matter of this one.
    app.run("select cron.schedule_in_database('rota:app:serve', '* * * * *', 'call rota.serve()',"
            " 'postgres')")  # fmt: skip
    found = health(app, name)
    assert {row["status"] for row in found} == {"warning"}
    assert [row["detail"].split(" looks")[0] for row in found] == [
        "job rota:app:supervisor of postgres",
        "job copied of postgres",
        "job typed of postgres",
        "job extra of rota_worker",
    ]
    before = jobs(app)
    assert tend(app)
    assert jobs(app) == before
    app.run("create role looker login in role rota_reader")
    (row,) = health(app, name, "looker")
    assert (row["status"], row["hint"]) == ("no rights", "As a superuser: rota doctor")
    for row in found:
        app.run(row["hint"].partition(": ")[2])
    assert health(app, name)[0]["status"] == "ok"

    # A worker that one of them started is seen without rights.
    app.run("call rota.supervise('0 s')")
    app.run("update rota_core.worker set ended_at = null, outcome = null")
    (row,) = health(app, "role of workers", "looker")
    assert row["status"] == "warning"
    assert "postgres (pid" in row["detail"]


def test_a_job_that_is_changed_is_not_stopped(app: Clone) -> None:
    number = job_id(app, "schedule:tidy")
    app.run("update cron.job set command = 'select 7' where jobid = %s", number)
    assert tend(app)
    assert job_id(app, "schedule:tidy") == number, "to unschedule it would end what it runs"


def test_what_stood_there_before_rota_kept_record_is_taken_as_it_is(app: Clone) -> None:
    app.run("delete from rota_core.cron_job; delete from rota_core.cron_place")
    true = jobs(app)
    assert tend(app)
    assert jobs(app) == true
    assert warned(app) == {}
    assert app.value("select count(*) from rota_core.cron_job") == len(true)


def test_a_failure_is_logged(app: Clone) -> None:
    app.run("revoke execute on all functions in schema cron from public")
    app.run("delete from cron.job where jobname like '%:supervisor'")
    assert tend(app)
    (line,) = app.run("select l.message from rota.logs as l where l.level = 'error'")
    assert "rota:app:supervisor: permission denied" in line[0]
