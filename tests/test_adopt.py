"""Jobs typed into cron.job become files, and these take their place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from pgrota.deploy import deploy
from support_adopt import adopt, clear, deploy_adopted, others, schedule, world_of
from support_deploy import rota


@pytest.fixture(scope="module")
def world(harness: Harness) -> Iterator[Clone]:
    with world_of(harness) as clone:
        yield clone


@pytest.fixture
def app(world: Clone) -> Iterator[Clone]:
    yield world
    clear(world)


def test_from_cron_job_to_files_to_schedules(app: Clone, tmp_path: Path, own_engine: Path) -> None:
    schedule(app, "alice", "nightly", "0 3 * * *", "select app.nightly()")
    number = schedule(
        app, "alice", None, "*/5 2 29 2 *", "select count_up(30);\n-- it's $$ \\ :x %s"
    )
    schedule(app, "alice", "tidy", "0 4 * * sun", "vacuum (analyze) done")
    schedule(app, "alice", "long", "0 5 * * *", "call app.long()")
    still = schedule(app, "bob", "nightly", "0 6 * * *", "delete from app.done; select 1")
    schedule(app, "postgres", "start", "@reboot", "select 1")
    app.run("update cron.job set active = false where jobid = %s", still)
    app.run("select cron.schedule_in_database('far', '@daily', 'select 1', 'cron')")
    app.run("grant alice to rota_worker")

    found = adopt(app, tmp_path)
    became = {a.name: (a.kind, a.job.username) for a in found.adopted if a.name}
    assert became == {
        "nightly": ("task", "alice"),
        f"job-{number}": ("task", "alice"),
        "tidy": ("command", "alice"),
        "long": ("command", "alice"),
        "nightly-bob": ("task", "bob"),
    }
    assert {a.job.jobname: a.reason for a in found.adopted if a.reason} == {
        "start": "it runs when the server starts, which is no time",
        "far": "it runs in the database cron",
    }
    before = others(app)
    assert adopt(app, tmp_path).notes == []

    first = deploy_adopted(app, tmp_path, own_engine)
    assert first.notes == []
    assert [job[1] for job in others(app)] == ["start", "far"], "the others are rota's now"
    assert app.run(
        "select s.name, s.cron, s.timezone, s.task, s.command, s.overlap, s.misfire, s.paused"
        " from rota.schedules as s order by s.name"
    ) == [
        (f"job-{number}", "*/5 2 29 2 *", "UTC", f"job-{number}", None, "queue", "skip", False),
        ("long", "0 5 * * *", "UTC", None, "call app.long()", "skip", "run_once", False),
        ("nightly", "0 3 * * *", "UTC", "nightly", None, "queue", "skip", False),
        ("nightly-bob", "0 6 * * *", "UTC", "nightly-bob", None, "queue", "skip", True),
        ("tidy", "0 4 * * sun", "UTC", None, "vacuum (analyze) done", "skip", "run_once", False),
    ]
    assert app.run("select t.name, t.run_as, t.handler from rota.tasks as t order by t.name") == [
        (f"job-{number}", "alice", f"adopted.job_{number}"),
        ("nightly", "alice", "app.nightly"),
        ("nightly-bob", "bob", "adopted.nightly_bob"),
    ]
    app.run(f"select rota.start('job-{number}'), rota.start('nightly')")
    app.run("call rota.work(budget => '0.5 s')", user="rota_worker")
    assert app.run("select d.what from app.done as d order by 1") == [("count 30",), ("nightly",)]

    assert deploy_adopted(app, tmp_path, own_engine).changes == []
    # Into another database: the same files, and no such jobs.
    assert len(before) == 7
    again = adopt(app, tmp_path)
    assert [a.name for a in again.adopted if a.name] == []


def adopted(app: Clone, name: str, command: str, user: str = "deployer") -> str:
    """What becomes of the job of bob that is called as its schedule."""
    return app.value(
        "select rota.adopt_cron_job(%s, '0 3 * * *', %s, 'bob', job_name => %s)",
        name, command, name, user=user,
    )  # fmt: skip


@pytest.fixture
def worked(app: Clone) -> Clone:
    app.run("grant rota_admin to deployer")
    app.run("select rota.define_task('work', 'app.nightly')")
    for name in ("one", "two"):
        app.run("select rota.define_schedule(%s, '0 3 * * *', 'work')", name)
    return app


def test_what_cannot_be_seen_is_not_started_twice(worked: Clone) -> None:
    schedule(worked, "bob", "one", "0 3 * * *", "select 1")
    assert adopted(worked, "one", "select 1") == "waiting"
    assert adopted(worked, "two", "select 2") == "waiting", "nobody knows that it is not there"
    state = "select s.name, s.pause_reason from rota.schedules as s where s.paused order by 1"
    assert worked.run(state) == [
        (name, f"cron job '{name}' of bob may still be there: deploy as a superuser or a member"
               " of bob")
        for name in ("one", "two")
    ]  # fmt: skip
    assert len(others(worked)) == 1

    worked.run("select rota.resume('schedule', 'two')", user="deployer")
    assert adopted(worked, "two", "select 2") == "waiting"
    assert [name for name, _ in worked.run(state)] == ["one"], "what was resumed goes on"
    waiting = worked.run("select rota_core.check_adoptions()")
    assert [reason[:22] for (reason,) in waiting] == ["schedule one is paused"]

    done = deploy(worked.url())
    assert "one of bob" in [change.name for change in done.changes], "by a superuser"
    assert (worked.run(state), others(worked)) == ([], [])
    assert deploy(worked.url()).changes == []
    assert adopted(worked, "one", "select 1") == "waiting", "to whom it may look so"
    assert worked.run(state) == []


def test_a_command_needs_the_rights_of_its_owner(worked: Clone) -> None:
    worked.run("select rota.define_schedule('tidy', '0 4 * * *', command => 'vacuum app.done')")
    schedule(worked, "bob", "tidy", "0 4 * * *", "vacuum app.done")
    call = "select rota.adopt_cron_job('tidy', '0 4 * * *', 'vacuum app.done', 'bob', 'tidy')"
    own = "select count(*) from cron.job as j where j.jobname = 'rota:app:schedule:tidy'"
    assert worked.value(call) == "waiting"
    assert (len(others(worked)), worked.value(own)) == (1, 0), "vacuum would pass over the table"
    assert deploy(worked.url()).notes == [
        "schedule tidy is paused: its cron job goes on, since rota_worker may not do what it does:"
        " grant bob to rota_worker, then deploy"
    ]
    worked.run("grant bob to rota_worker")
    deploy(worked.url())
    assert (len(others(worked)), worked.value(own)) == (0, 1)
    worked.run("revoke bob from rota_worker")


def test_a_member_of_its_owner_takes_a_job_away(worked: Clone) -> None:
    schedule(worked, "bob", "one", "0 3 * * *", "select 1")
    with worked.connect("deployer", autocommit=False) as connection:
        worked.run("grant bob to deployer")
        found = connection.execute(
            "select rota.adopt_cron_job('one', '0 3 * * *', 'select 1', 'bob', 'one'), current_user"
        ).fetchall()
        assert found == [("replaced", "deployer")]
        assert len(others(worked)) == 1, "it is there until the schedule is"
        connection.commit()
    worked.run("revoke bob from deployer")
    assert others(worked) == []


def test_a_job_that_was_changed_meanwhile(worked: Clone) -> None:
    schedule(worked, "bob", "one", "0 3 * * *", "select 1")
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
        adopted(worked, "one", "select 2", user="postgres")
    assert refused.value.diag.message_primary == (
        "cron job 'one' of bob is no longer what schedule one was made from"
    )
    assert refused.value.diag.message_detail == (
        'It is "0 3 * * *" select 1, not "0 3 * * *" select 2.'
    )


def test_a_job_that_is_running(worked: Clone) -> None:
    command = "select pg_sleep(60)"
    schedule(worked, "alice", "one", "0 3 * * *", command)
    call = f"select rota.adopt_cron_job('one', '0 3 * * *', '{command}', 'alice', 'one')"
    running = worked.start(command, user="alice")
    busy = "select count(*) from pg_stat_activity as a where a.query = %s and a.state = 'active'"
    wait_until(lambda: worked.value(busy, command) == 1)
    with pytest.raises(psycopg.errors.LockNotAvailable) as refused:
        worked.run(call)
    assert refused.value.diag.message_primary == "cron job 'one' of alice is running"
    assert len(others(worked)) == 1
    running.cancel()
    running.join()
    assert worked.value(call) == "replaced"


def test_a_job_that_is_about_to_start(worked: Clone) -> None:
    """Not within 15 s of a slot, nor when one comes before the deploy is over."""
    clock = (
        "create or replace function rota_core.wall_clock() returns timestamptz"
        " language sql as $$ select timestamptz '2026-01-01 {}+00' $$"
    )
    call = "select rota.adopt_cron_job('one', '0 3 * * *', 'select 1', 'bob', 'one')"
    schedule(worked, "bob", "one", "0 3 * * *", "select 1")
    with worked.connect(autocommit=False) as connection:
        for moment in ("02:59:46", "03:00:01"):
            connection.execute(clock.format(moment))
            with pytest.raises(psycopg.errors.LockNotAvailable), connection.transaction():
                connection.execute(call)
        connection.execute(clock.format("02:59:44"))
        assert connection.execute(call).fetchone() == ("replaced",)
        connection.execute("select rota_core.check_adoptions()")
        connection.execute(clock.format("02:59:56"))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("select rota_core.check_adoptions()")
        connection.rollback()


def test_the_command(app: Clone, tmp_path: Path) -> None:
    schedule(app, "alice", "nightly", "0 3 * * *", "select app.nightly()")
    schedule(app, "bob", "bob's", "0 3 * * *", "select 1")
    mine = rota("adopt", "--into", str(tmp_path), url=app.url("alice"))
    assert mine.returncode == 0
    assert "nightly   alice" in mine.stdout
    assert "bob" not in mine.stdout
    assert f"+ {tmp_path}/sql/adopted/nightly.sql" in mine.stdout
    assert "Note: pg_cron shows alice no jobs but its own" in mine.stderr
    assert "cron.timezone cannot be read" in mine.stderr
    file = tmp_path / "sql/adopted/nightly.sql"
    file.write_text(file.read_text().replace("'1 day'", "'5 min'"))
    every = rota("adopt", "--into", str(tmp_path), "--json", url=app.url())
    told = json.loads(every.stdout)
    assert told["written"] == ["adopted/bob-s.sql"]
    assert told["notes"] == [
        f"{file} is there already and differs: left as it is; remove it to have it written anew"
    ]
    elsewhere = rota("adopt", url=app.server.url("postgres"))
    assert elsewhere.stderr.startswith("Error: database postgres has no pg_cron")
