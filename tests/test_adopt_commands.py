"""Commands that are not valid, and those that only a superuser may run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Clone, Harness
from support_adopt import adopt, clear, deploy_adopted, others, schedule, world_of


@pytest.fixture(scope="module")
def world(harness: Harness) -> Iterator[Clone]:
    with world_of(harness) as clone:
        yield clone


@pytest.fixture
def app(world: Clone) -> Iterator[Clone]:
    yield world
    clear(world)


def test_what_is_not_there_stops_no_deploy(app: Clone, tmp_path: Path, own_engine: Path) -> None:
    """A command that is not valid is named, and goes on as it did, at the same times."""
    schedule(app, "alice", "gone", "0 3 * * *", "select app.missing()")
    schedule(app, "alice", "lost", "0 4 * * *", "delete from app.no_such; -- $$ it's")
    schedule(
        app, "alice", "made", "0 5 * * *", "create temp table t (n int); insert into t values (1)"
    )
    app.run("update cron.job set active = false where jobname = 'lost'")
    found = adopt(app, tmp_path)
    says = "not valid as things stand, seen when it runs: "
    assert {a.name: a.remarks[-1] for a in found.adopted} == {
        "gone": f"{says}function app.missing() does not exist",
        "lost": f'{says}relation "app.no_such" does not exist',
        "made": f'{says}relation "t" does not exist',
    }
    deploy_adopted(app, tmp_path, own_engine)
    assert others(app) == []
    assert app.run(
        "select s.name, s.cron, t.run_as, s.paused from rota.schedules as s"
        " join rota.tasks as t on t.name = s.task order by 1"
    ) == [
        ("gone", "0 3 * * *", "alice", False),
        ("lost", "0 4 * * *", "alice", True),
        ("made", "0 5 * * *", "alice", False),
    ]
    app.run("select rota.start('gone')")
    app.run("call rota.work(budget => '0.5 s')", user="rota_worker")
    ended = "select r.state, r.error from rota.runs as r order by r.run_id desc limit 1"
    assert app.run(ended)[0][0] == "failed"
    assert "function app.missing() does not exist" in str(app.run(ended)[0][1])
    app.run(
        "create function app.missing() returns int language sql as"
        " $$ insert into app.done (what) values ('there') returning 1 $$"
    )
    app.run("grant temporary on database app to alice")
    for name in ("gone", "made"):
        app.run("select rota.start(%s)", name)
        app.run("call rota.work(budget => '0.5 s')", user="rota_worker")
        assert app.run(ended)[0][0] == "succeeded"
    app.run("drop function app.missing()")


def test_no_superuser_is_made_of_the_worker(app: Clone, tmp_path: Path) -> None:
    schedule(app, "postgres", "tidy", "0 4 * * *", "vacuum app.done")
    (found,) = adopt(app, tmp_path).adopted
    assert (found.name, found.remarks, found.files) == ("", [], [])
    assert found.reason.startswith(
        "rota_worker would run it, and may not do all that postgres may, a superuser:"
        " schedule it as the owner of what it works on, then adopt again"
    )
    app.run("select rota.define_schedule('tidy', '0 4 * * *', command => 'vacuum app.done')")
    reason = app.value("select rota_core.adoption_obstacle('tidy', 'postgres')")
    assert "grant" not in reason
    assert "leave it to pg_cron" in reason
