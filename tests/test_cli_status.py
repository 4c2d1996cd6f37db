"""`rota status`: what it says of schedules and of time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from harness import Clone
from pgrota import errors
from support_run import here
from support_schedule import NOON, define, fire, prepare, set_clock
from support_schedule_cli import line_of, width


@pytest.fixture
def app(database: Clone) -> Clone:
    prepare(database)
    set_clock(database, NOON)
    define(database, "0 3 * * *", "nightly", timezone="Europe/Berlin", deadline="1 hour")
    define(database, "*/20 * * * *", "often")
    return database


def status(app: Clone, *arguments: str, **variables: str) -> str:
    done = here("status", *arguments, url=app.url(), **{"TZ": "Asia/Tokyo"} | variables)
    assert done.returncode == errors.OK, done.stderr
    return done.stdout


def test_schedules_with_what_comes_and_what_came(app: Clone) -> None:
    set_clock(app, NOON + timedelta(minutes=20))
    fire(app)
    app.run("select rota.pause('schedule', 'nightly', null, 'stocktaking')")
    text = status(app, COLUMNS="80")
    assert width(text[text.index("Times in Asia/Tokyo") :]) <= 80
    assert "Fri 2026-01-02 11:00" in line_of(text, "nightly ")
    assert line_of(text, "often ").split()[-5:] == [
        "Thu", "2026-01-01", "21:40", "2026-01-01", "queued",
    ]  # fmt: skip
    assert "stocktaking" in text
    assert "Missed deadlines" not in text
    assert "02:00" in line_of(status(app, "--zone", "UTC"), "nightly ")


def test_missed_deadlines(app: Clone) -> None:
    set_clock(app, NOON + timedelta(hours=18))
    fire(app)
    app.run("select rota_core.check_deadlines()")
    text = status(app)
    assert "Missed deadlines" in text
    assert "nightly has never succeeded; due by Fri 2026-01-02 12:00" in text
    found = json.loads(status(app, "--json"))
    assert [row["schedule"] for row in found["missed_deadlines"]] == ["nightly"]
    assert {row["name"] for row in found["schedules"]} == {"nightly", "often"}
    said = here("schedule", "show", "nightly", url=app.url(), TZ="Asia/Tokyo").stdout
    assert "nightly has never succeeded; due by Fri 2026-01-02 12:00" in said


def test_of_many_schedules_only_those_that_deserve_a_look(app: Clone) -> None:
    app.run(
        "select rota.define_schedule('job-' || n, '0 3 * * *', 'work')"
        " from generate_series(1, 198) as n"
    )
    app.run("select rota.pause('schedule', 'job-7')")
    text = status(app)
    assert "paused" in text
    assert "job-7 " in text
    assert "job-8 " not in text
    assert "200 schedules in all: rota schedule list" in text
