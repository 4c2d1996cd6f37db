"""Jobs typed into cron.job become files, and these take their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from harness import Clone, Harness
from pgrota.adoptable import Job, Unadoptable, called, name_of, needs_top_level, times
from support_adopt import WORLD, adopt, deploy_adopted, others, schedule
from support_deploy import own_project


@pytest.fixture(scope="module")
def app(harness: Harness) -> Iterator[Clone]:
    """A database with pg_cron, two users of it and the engine."""
    server = harness.make_server(cron_database="app")
    if not server.has_cron:
        pytest.skip("pg_cron is not installed")
    with server.connect() as connection:
        connection.execute("create database app template rota_template")
    clone = Clone(server, "app")
    clone.run("create extension pg_cron")
    clone.run(WORLD)
    yield clone
    harness.discard(server)


@pytest.fixture(autouse=True)
def no_jobs(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "app" in request.fixturenames:
        app = request.getfixturevalue("app")
        app.run("delete from cron.job where username <> 'rota_worker'")
        app.run("select rota.drop_schedule(s.name) from rota.schedules as s")
        app.run("select rota.drop_task(t.name) from rota.tasks as t")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return own_project(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0 3 * * *", "0 3 * * *"),
        (" 0  3 * * mon-fri ", "0 3 * * mon-fri"),
        ("30 seconds", "@every 30 seconds"),
        ("1 second", "@every 1 seconds"),
        ("0 12 $ * *", "0 12 L * *"),
        ("0 12 1,$ * *", "0 12 1,L * *"),
        ("@hourly", "@hourly"),
    ],
)
def test_times(rolled_back: psycopg.Connection, written: str, meant: str) -> None:
    assert times(written) == meant
    rolled_back.execute("select rota.cron_next(%s, now())", [times(written)])


def test_what_has_no_times() -> None:
    with pytest.raises(Unadoptable, match="when the server starts"):
        times(" @Reboot")


@pytest.mark.parametrize(
    ("command", "function"),
    [
        ("select app.nightly()", "app.nightly"),
        ('  SELECT * FROM "My App" . nightly ( ) ; ', '"My App".nightly'),
        ("select nightly(); select 1", None),
        ("select nightly() + 1", None),
        ("select nightly(1)", None),
        ("call nightly()", None),
    ],
)
def test_what_is_called(command: str, function: str | None) -> None:
    assert called(command) == (function and function.replace(" . ", "."))


@pytest.mark.parametrize(
    ("command", "commits", "at_top"),
    [
        ("vacuum (analyze) app.done", False, True),
        ("/* tidy */ VACUUM;", False, True),
        ("reindex (verbose) table concurrently app.done", False, True),
        ("create index concurrently on app.done (at)", False, True),
        ("call app.long()", True, True),
        ("call app.short()", False, False),
        ("delete from app.done where what = 'vacuum; commit'", False, False),
        ("refresh materialized view concurrently app.seen", False, False),
    ],
)
def test_what_must_be_at_the_top(command: str, commits: bool, at_top: bool) -> None:
    assert needs_top_level(command, commits) == at_top


@pytest.mark.parametrize("command", ["", " ; ", "begin; select 1; commit", "vacuum; vacuum"])
def test_what_cannot_be_adopted(command: str) -> None:
    with pytest.raises(Unadoptable):
        needs_top_level(command, False)


def test_names() -> None:
    def named(jobname: str | None, *taken: str, function: str | None = None) -> str:
        return name_of(Job(7, "@daily", "", "al ice", "app", jobname, True), function, set(taken))

    assert named("Nightly: all / of it") == "Nightly:-all-/-of-it"
    assert named(None, function='app."Nightly"') == "Nightly"
    assert named(None) == named("!!") == "job-7"
    assert named("a", "a") == "a-al-ice"
    assert named("a", "a", "a-al-ice") == "a-7"
    assert len(named("x" * 99)) == 63


def test_from_cron_job_to_files_to_schedules(app: Clone, tmp_path: Path, root: Path) -> None:
    schedule(app, "alice", "nightly", "0 3 * * *", "select app.nightly()")
    schedule(app, "alice", None, "*/5 * * * *", "select count_up(30);\n-- it's $$ \\ :x %s")
    schedule(app, "alice", "tidy", "0 4 * * sun", "vacuum (analyze) done")
    schedule(app, "alice", "long", "0 5 * * *", "call app.long()")
    still = schedule(app, "bob", "nightly", "0 6 * * *", "delete from app.done; select 1")
    schedule(app, "postgres", "start", "@reboot", "select 1")
    app.run("update cron.job set active = false where jobid = %s", still)
    app.run("select cron.schedule_in_database('far', '@daily', 'select 1', 'cron')"
            if app.value("select to_regproc('cron.schedule_in_database') is not null")
            else "update cron.job set database = 'cron' where false")  # fmt: skip
    app.run("grant alice to rota_worker")

    found = adopt(app, tmp_path)
    became = {a.name: (a.kind, a.job.username) for a in found.adopted if a.name}
    assert became == {
        "nightly": ("task", "alice"),
        "job-2": ("task", "alice"),
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

    first = deploy_adopted(app, tmp_path, root)
    assert first.notes == []
    assert [job[1] for job in others(app)] == ["start", "far"], "the others are rota's now"
    assert app.run(
        "select s.name, s.cron, s.timezone, s.task, s.command, s.overlap, s.misfire, s.paused"
        " from rota.schedules as s order by s.name"
    ) == [
        ("job-2", "*/5 * * * *", "UTC", "job-2", None, "queue", "skip", False),
        ("long", "0 5 * * *", "UTC", None, "call app.long()", "skip", "run_once", False),
        ("nightly", "0 3 * * *", "UTC", "nightly", None, "queue", "skip", False),
        ("nightly-bob", "0 6 * * *", "UTC", "nightly-bob", None, "queue", "skip", True),
        ("tidy", "0 4 * * sun", "UTC", None, "vacuum (analyze) done", "skip", "run_once", False),
    ]
    assert app.run("select t.name, t.run_as, t.handler from rota.tasks as t order by t.name") == [
        ("job-2", "alice", "adopted.job_2"),
        ("nightly", "alice", "app.nightly"),
        ("nightly-bob", "bob", "adopted.nightly_bob"),
    ]
    app.run("select rota.start('job-2'), rota.start('nightly')")
    app.run("call rota.work(budget => '0.5 s')", user="rota_worker")
    assert app.run("select d.what from app.done as d order by 1") == [("count 30",), ("nightly",)]

    assert deploy_adopted(app, tmp_path, root).changes == []
    # Into another database: the same files, and no such jobs.
    assert len(before) == 7
    again = adopt(app, tmp_path)
    assert [a.name for a in again.adopted if a.name] == []
