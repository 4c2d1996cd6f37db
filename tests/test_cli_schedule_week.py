"""`rota schedule week`: a calendar that stays readable, whatever is in it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from harness import Clone
from pgrota import errors, week
from pgrota.database import Database
from pgrota.week_times import NOT
from pgrota.zones import named
from support_schedule import NOON, define, prepare, set_clock
from support_schedule_cli import line_of, say, told, width

BERLIN = ("--zone", "Europe/Berlin")
# The clocks go from 02:00 to 03:00 on Sunday 2026-03-29, and from 03:00 to 02:00 on 2026-10-25.
SPRING = ("--from", "2026-03-23", *BERLIN)
AUTUMN = ("--from", "2026-10-19", *BERLIN)


@pytest.fixture
def app(database: Clone) -> Clone:
    prepare(database)
    set_clock(database, NOON)
    return database


def of_day(text: str, day: str) -> list[str]:
    """What stands in the 24 hours of a day; nothing is an hour that does not exist."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"{day} "))
    return [line[place : place + 3].strip() for place in range(7, 79, 3)]


def test_days_by_hours_in_80_columns(app: Clone) -> None:
    define(app, "0 3 * * *", "nightly", timezone="Europe/Berlin")
    define(app, "30 8 * * mon-fri", "report", timezone="America/New_York")
    define(app, "15,45 3 * * sat", "stocktaking", timezone="Europe/Berlin")
    text = say(app, "week", "--from", "2026-01-05", *BERLIN, COLUMNS="80")
    assert width(text) <= 80
    assert text.splitlines()[:2] == ["Mon 2026-01-05 to Sun 2026-01-11", "Times in Europe/Berlin"]
    assert of_day(text, "Mon 05") == ["·"] * 3 + ["a"] + ["·"] * 10 + ["b"] + ["·"] * 9
    assert of_day(text, "Sat 10")[3] == "ac"
    assert of_day(text, "Sun 11")[14] == "·"
    assert line_of(text, " a   ").split()[1:4] == ["nightly", "daily", "03:00"]
    assert line_of(text, " b   ").split()[1:4] == ["report", "Mon-Fri", "14:30"]
    assert line_of(text, " c   ").split()[1:5] == ["stocktaking", "Sat", "03:15,", "03:45"]


def test_hours_by_days_with_names_where_there_is_room(app: Clone) -> None:
    define(app, "0 3 * * *", "nightly", timezone="Europe/Berlin")
    define(app, "*/20 4 * * wed", "at-four", timezone="Europe/Berlin")
    for number in range(6):
        define(app, f"{number} 5 * * *", f"five-{number}", timezone="Europe/Berlin")
    text = say(app, "week", "--from", "2026-01-05", *BERLIN, COLUMNS="160")
    assert width(text) <= 160
    assert line_of(text, "Mon 05 Jan").split()[::3] == [
        "Mon",
        "Tue",
        "Wed",
        "Thu",
        "Fri",
        "Sat",
        "Sun",
    ]
    assert line_of(text, "03 ").count(":00 nightly") == 7
    assert line_of(text, "04 ").count(":00-40 at-four") == 1
    assert text.count("+ 3 more") == 7


def test_the_week_in_which_an_hour_is_missing(app: Clone) -> None:
    define(app, "30 2 * * *", "half-past-two", timezone="Europe/Berlin")
    text = say(app, "week", *SPRING, COLUMNS="80")
    assert "Sun 2026-03-29: clocks go forward 60 minutes" in text
    assert of_day(text, "Sat 28")[1:5] == ["·", "a", "·", "·"]
    # It runs at the first minute after the hour that is not there.
    assert of_day(text, "Sun 29")[1:5] == ["·", "", "a", "·"]
    (found,) = told(app, "week", *SPRING)["schedules"]
    assert [datetime.fromisoformat(s["at"]).timestamp() % 86400 for s in found["slots"]] == [
        *[(1.5 * 3600)] * 6, 3600,
    ]  # fmt: skip


def test_the_week_in_which_an_hour_comes_twice(app: Clone) -> None:
    define(app, "30 2 * * *", "half-past-two", timezone="Europe/Berlin")
    define(app, "30 */3 * * *", "real-time", timezone="UTC")
    text = say(app, "week", *AUTUMN, COLUMNS="80")
    assert "Sun 2026-10-25: clocks go back 60 minutes" in text
    slots = {each["name"]: each["slots"] for each in told(app, "week", *AUTUMN)["schedules"]}
    assert len(slots["half-past-two"]) == 7
    # 169 hours have 57 times that are three hours apart, or 56.
    assert len(slots["real-time"]) in (56, 57)
    assert of_day(text, "Sun 25")[2] == "ab"


def test_frequent_schedules_are_told_by_their_pace(app: Clone) -> None:
    define(app, "* * * * *", "pulse")
    define(app, "*/15 * * * *", "prices")
    define(app, "*/15 * * * *", "stock")
    define(app, "@every 1 second", "ticker")
    define(app, "0 * * * *", "hourly")
    define(app, "*/5 8-18 * * mon-fri", "market", timezone="Europe/Berlin")
    define(app, "0 */2 * * *", "even-hours")
    text = say(app, "week", *SPRING, COLUMNS="80")
    assert width(text) <= 80
    calendar, often = text.split("Often")
    assert "even-hours" in calendar
    assert "even-hours" not in often
    assert [line.split() for line in often.splitlines() if "every" in line or "market" in line] == [
        ["every", "second", "1", "ticker"],
        ["every", "minute", "1", "pulse"],
        ["every", "15", "min", "2", "prices,", "stock"],
        ["every", "hour", "1", "hourly"],
        ["*/5", "8-18", "*", "*", "mon-fri", "Europe/Berlin", "1", "market"],
    ]
    found = {each["name"]: each for each in told(app, "week", *SPRING)["schedules"]}
    assert (found["prices"]["frequent"], found["prices"]["every"]) == (True, 900)
    assert (found["market"]["frequent"], found["market"]["every"]) == (True, None)
    assert found["ticker"]["slots"] == []


def test_the_work_is_bounded(app: Clone) -> None:
    define(app, "@every 1 second", "ticker")
    define(app, "@every 1 second", "ticker-too")
    app.run("set track_functions = 'all'")
    database = Database(app.url())
    try:
        rows = database.rows(
            f"explain (analyze, format json) {week.QUERY}",
            {
                "since": named("UTC").midnight(date(2026, 1, 5)),
                "until": named("UTC").midnight(date(2026, 1, 12)),
                "most": week.MOST,
                "names": [],
            },
        )
    finally:
        database.close()
    recursion = _node(rows[0]["QUERY PLAN"][0]["Plan"], "Recursive Union")
    # Both schedules share their times, which are worked out once.
    assert recursion["Actual Rows"] == week.MOST + 1


def _node(plan: dict, kind: str) -> dict:
    if plan["Node Type"] == kind:
        return plan
    return next(filter(None, (_node(each, kind) for each in plan.get("Plans", []))), {})


def test_slots_that_will_not_start_are_marked(app: Clone) -> None:
    app.run('select rota.define_calendar(\'weekend\', \'{"weekdays": ["sat", "sun"]}\')')
    define(app, "0 3 * * *", "nightly", calendar="weekend")
    define(app, "0 5 * * *", "backup")
    app.run("select rota.pause('schedule', 'backup', '2999-01-01', 'no disk')")
    define(app, "* * * * *", "pulse", calendar="weekend")
    arguments = ("week", "--from", "2026-01-05", "--zone", "UTC")
    text = say(app, *arguments, COLUMNS="80")
    assert of_day(text, "Fri 09")[3:6] == ["a", "·", f"b{NOT}"]
    assert of_day(text, "Sat 10")[3:6] == [f"a{NOT}", "·", f"b{NOT}"]
    unstarted = text.split(f"Will not start ({NOT})")[1]
    assert "Sat 10 03:00, Sun 11 03:00" in line_of(unstarted, "nightly", "calendar weekend")
    assert "all week" in line_of(unstarted, "backup", "paused: no disk")
    assert "pulse (not in weekend)" in text
    assert line_of(say(app, *arguments, COLUMNS="160"), "03 ").count(f"{NOT}nightly") == 2
    found = {each["name"]: each for each in told(app, *arguments)["schedules"]}
    assert [slot["skipped"] for slot in found["nightly"]["slots"]] == [None] * 5 + ["calendar"] * 2


def test_200_schedules(app: Clone) -> None:
    app.run(
        "select rota.define_schedule('job-' || n, format('%s %s * * *', n % 60, h), 'work')"
        " from generate_series(1, 200) as n,"
        " lateral (select case when n % 3 = 0 then 3 else n % 24 end) as l (h)"
    )
    text = say(app, "week", "--from", "2026-01-05", "--zone", "UTC", COLUMNS="80")
    assert width(text) <= 80
    assert len(text.splitlines()) < 40
    assert of_day(text, "Mon 05")[3] == of_day(text, "Sun 11")[3] == "66"
    assert "200 schedules; the numbers say how many of them fire in an hour." in text
    assert "job-102, job-105, job-108, job-111, job-114" in text
    assert "61 more" in text
    one = say(app, "week", "job-1", "job-2", "--zone", "UTC", COLUMNS="80")
    assert "job-3" not in one
    assert "daily 01:01" in line_of(one, "job-1")
    assert width(say(app, "list", COLUMNS="80")) <= 80


@pytest.mark.parametrize("text", ["2026-13-01", "tomorrow", "9999-12-31", "2026-1"])
def test_a_day_that_is_none(app: Clone, text: str) -> None:
    said = say(app, "week", "--from", text, exit_code=errors.USAGE)
    assert f"'{text}' is no day: 2026-01-31 is" in said
