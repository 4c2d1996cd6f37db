"""`rota schedule`: what it does, prints and returns."""

from __future__ import annotations

import json

import pytest

from harness import Clone
from pgrota import errors
from support_deploy import rota
from support_schedule import NOON, define, prepare, set_clock, slots


@pytest.fixture
def app(database: Clone) -> Clone:
    prepare(database)
    set_clock(database, NOON)
    define(database, "0 3 * * *", "nightly", timezone="Europe/Berlin")
    define(database, "*/20 * * * *", "often")
    return database


def say(app: Clone, *arguments: str, exit_code: int = errors.OK) -> str:
    done = rota("schedule", *arguments, url=app.url(), TZ="Asia/Tokyo")
    assert done.returncode == exit_code, done.stderr
    return done.stdout if exit_code == errors.OK else done.stderr


def told(app: Clone, *arguments: str) -> object:
    return json.loads(say(app, *arguments, "--json"))


def test_list(app: Clone) -> None:
    lines = [line.split() for line in say(app, "list").splitlines()]
    assert [line[0] for line in lines if line and line[0] in ("nightly", "often")] == [
        "often",
        "nightly",
    ]
    # 03:00 in Berlin is 11:00 in Tokyo, where this machine is.
    assert "2026-01-02 11:00:00+09:00" in say(app, "list")
    assert "2026-01-02 02:00:00+00:00" in say(app, "list", "--zone", "UTC")
    assert [row["name"] for row in told(app, "list")] == ["often", "nightly"]


def test_next_of_one_and_of_all(app: Clone) -> None:
    text = say(app, "next", "nightly", "-n", "2", "--zone", "UTC")
    assert "2026-01-02 02:00:00+00:00" in text
    assert "2026-01-03 03:00:00+01:00 Europe/Berlin" in text

    rows = told(app, "next", "-n", "50")
    assert len(rows) == 50
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert {row["name"] for row in rows} == {"nightly", "often"}


def test_pause_resume_and_show(app: Clone) -> None:
    assert "paused until" in say(app, "pause", "often", "--until", "2h", "--reason", "stock")
    assert told(app, "show", "often")["pause_reason"] == "stock"
    assert "paused" in say(app, "show", "often")
    say(app, "resume", "often")
    assert told(app, "show", "often")["paused"] is False

    say(app, "pause", "often")
    assert "rota schedule resume often" in say(app, "pause", "often")
    set_clock(app, NOON.replace(minute=20))
    app.run("select rota_core.fire_due()")
    assert slots(app, "often") == [("12:20", "skipped")]
    assert "paused" in say(app, "show", "often").split("Slots")[1]
    assert [slot["outcome"] for slot in told(app, "show", "often")["slots"]] == ["skipped"]


def test_run(app: Clone) -> None:
    run_id = told(app, "run", "nightly")["run_id"]
    assert app.value("select r.origin from rota.runs as r where r.run_id = %s", run_id) == (
        "schedule:nightly"
    )
    app.work()
    assert "succeeded" in say(app, "run", "nightly", "--follow")


@pytest.mark.parametrize("command", ["show", "next", "run", "pause", "resume"])
def test_an_unknown_schedule(app: Clone, command: str) -> None:
    said = say(app, command, "weekly", exit_code=errors.ERROR)
    assert "weekly" in said
    assert "does not exist" in said
    assert "Traceback" not in said


def test_an_unknown_zone(app: Clone) -> None:
    assert "no time zone" in say(app, "list", "--zone", "Mars/Olympus", exit_code=errors.USAGE)
