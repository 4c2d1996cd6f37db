"""`rota schedule`: what it does, prints and returns."""

from __future__ import annotations

import pytest

from harness import Clone
from pgrota import errors
from support_deploy import rota
from support_run import here
from support_schedule import NOON, define, prepare, set_clock, slots
from support_schedule_cli import line_of, say, told, width

COMMANDS = (
    "list", "show", "next", "history", "week", "calendars", "run", "pause", "resume",
)  # fmt: skip
CALENDAR = """
select rota.define_calendar(
  'holidays', '{"dates": ["2026-01-02"], "timezone": "Europe/Berlin"}')
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    prepare(database)
    set_clock(database, NOON)
    define(database, "0 3 * * *", "nightly", timezone="Europe/Berlin")
    define(database, "*/20 * * * *", "often")
    return database


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    assert f"Example: rota schedule {command}" in here("schedule", command, "--help").stdout


def test_list_shows_times_in_ones_own_zone_and_beside_it_in_the_schedules(app: Clone) -> None:
    text = say(app, "list")
    # 03:00 in Berlin is 11:00 in Tokyo, where this machine is.
    assert text.startswith("Times in Asia/Tokyo\n")
    assert "Fri 2026-01-02 11:00" in line_of(text, "nightly")
    assert line_of(text, "nightly").rstrip().endswith("03:00")
    assert text.index("often") < text.index("nightly")

    assert line_of(say(app, "list", "--zone", "UTC"), "nightly").count("03:00") == 1
    # Where the clocks agree, nothing is said twice.
    vienna = say(app, "list", "--zone", "Europe/Vienna", COLUMNS="200")
    assert line_of(vienna, "nightly").count("03:00") == 1
    assert "+0" not in text
    assert [row["name"] for row in told(app, "list")] == ["often", "nightly"]


def test_list_in_80_columns(app: Clone) -> None:
    define(app, "30 8 * * mon", "a-weekly-report-with-a-long-name", timezone="America/New_York")
    app.run("select rota.pause('schedule', 'often', now() + interval '9 days', 'moving house')")
    set_clock(app, NOON.replace(hour=13))
    app.run("select rota_core.fire_due()")
    text = say(app, "list", COLUMNS="80")
    assert width(text) <= 80
    for words in ("Fri 2026-01-02 11:00", "03:00 there", "America/New_York", "moving house"):
        assert words in text
    assert "skipped" in text


def test_no_schedules(database: Clone) -> None:
    for command in ("list", "week"):
        assert "no schedules: select rota.define_schedule(...);" in say(database, command)
    assert say(database, "next") == "nothing will fire\n"
    assert told(database, "list") == told(database, "next") == []
    assert told(database, "week")["schedules"] == []
    assert "no calendars" in say(database, "calendars")


def test_next_of_one_and_of_all(app: Clone) -> None:
    text = say(app, "next", "nightly", "-n", "2")
    assert "Europe/Berlin" in text
    assert line_of(text, "Fri 2026-01-02 11:00").count("03:00") == 1
    assert line_of(text, "Sat 2026-01-03 11:00").count("03:00") == 1
    assert "03:00 Europe/Berlin" in line_of(say(app, "next", "-n", "60"), "nightly")

    rows = told(app, "next", "-n", "50")
    assert len(rows) == 50
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert {row["name"] for row in rows} == {"nightly", "often"}


def test_next_finds_the_same_as_a_plain_count(app: Clone) -> None:
    define(app, "7 */2 * * *", "even", timezone="Asia/Kolkata")
    define(app, "@every 90 seconds", "quick")
    define(app, "0 0 29 2 *", "rare")
    found = [(row["at"], row["name"]) for row in told(app, "next", "-n", "400")]
    expected = app.run(
        "with recursive firing as ("
        " select s.name, s.cron, s.timezone, s.next_at as at, 1 as n from rota.schedules as s"
        " union all select f.name, f.cron, f.timezone,"
        " rota.cron_next(f.cron, f.at, f.timezone), f.n + 1 from firing as f where f.n < 400)"
        " select f.at, f.name from firing as f order by f.at, f.name limit 400"
    )
    assert [(at[:19], name) for at, name in found] == [
        (at.isoformat()[:19], name) for at, name in expected
    ]


def test_what_a_calendar_or_a_pause_covers_is_marked(app: Clone) -> None:
    app.run(CALENDAR)
    define(app, "0 3 * * *", "nightly", timezone="Europe/Berlin", calendar="holidays")
    app.run("select rota.pause('schedule', 'often', '2026-01-01 13:00+00', 'stock')")

    text = say(app, "next", "nightly", "-n", "2")
    assert "calendar holidays" in line_of(text, "Fri 2026-01-02 11:00")
    assert "calendar" not in line_of(text, "Sat 2026-01-03 11:00")
    text = say(app, "next", "often", "-n", "3")
    assert "paused: stock" in line_of(text, "21:40")
    assert "paused" not in line_of(text, "22:00")
    assert [row["skipped"] for row in told(app, "next", "often", "-n", "3")] == [
        "paused", "paused", None,
    ]  # fmt: skip

    # The next start is what a list shows.
    assert "Sat 2026-01-03 11:00" in line_of(say(app, "list"), "nightly")
    assert "holidays, which excludes Fri 2026-01-02 11:00" in say(app, "show", "nightly")
    shown = say(app, "calendars", COLUMNS="80")
    assert line_of(shown, "holidays").split()[1:] == ["2026-01-02", "(Europe/Berlin)", "nightly"]
    assert told(app, "calendars")[0]["schedules"] == ["nightly"]


def test_pause_resume_and_show(app: Clone) -> None:
    assert "paused until" in say(app, "pause", "often", "--until", "2h", "--reason", "stock")
    assert told(app, "show", "often")["pause_reason"] == "stock"
    assert "paused" in say(app, "show", "often")
    assert "goes on, next Thu 2026-01-01 21:20 (12:20 in UTC)" in say(app, "resume", "often")
    assert told(app, "show", "often")["paused"] is False

    say(app, "pause", "often")
    assert "rota schedule resume often" in say(app, "pause", "often")
    set_clock(app, NOON.replace(minute=20))
    app.run("select rota_core.fire_due()")
    assert slots(app, "often") == [("12:20", "skipped")]
    assert "skipped   paused" in line_of(say(app, "show", "often"), "21:20", "supervisor")
    assert [slot["outcome"] for slot in told(app, "show", "often")["slots"]] == ["skipped"]


def test_a_time_is_read_on_the_clocks_on_which_times_are_shown(app: Clone) -> None:
    said = say(app, "pause", "often", "--until", "2999-01-01 12:00")
    assert "until Tue 2999-01-01 12:00 (Asia/Tokyo)" in said
    until = app.value("select p.until at time zone 'UTC' from rota_core.pause as p")
    assert until.isoformat() == "2999-01-01T03:00:00"
    past = say(app, "pause", "often", "--until", "2020-01-01", exit_code=errors.USAGE)
    assert "Wed 2020-01-01 00:00 is past" in past


def test_run(app: Clone) -> None:
    run_id = told(app, "run", "nightly")["run_id"]
    assert app.value("select r.origin from rota.runs as r where r.run_id = %s", run_id) == (
        "schedule:nightly"
    )
    app.work()
    assert "succeeded" in say(app, "run", "nightly", "--follow")


def test_run_of_a_command_is_refused_with_what_to_do_instead(app: Clone) -> None:
    define(app, "0 3 * * *", "vacuum", task=None, command="vacuum public.orders")
    said = say(app, "run", "vacuum", exit_code=errors.ERROR)
    assert "runs a command, which pg_cron alone can start" in said
    assert "Hint: Run it yourself: vacuum public.orders" in said


@pytest.mark.parametrize("command", ["show", "next", "history", "week", "run", "pause", "resume"])
def test_an_unknown_schedule_and_the_one_that_was_meant(app: Clone, command: str) -> None:
    said = say(app, command, "nihgtly", exit_code=errors.ERROR)
    assert said == (
        "Error: schedule nihgtly does not exist\nNearly so: nightly\nHint: rota schedule list\n"
    )


@pytest.mark.parametrize("command", ["list", "next", "week", "calendars"])
def test_a_reader_may_look(app: Clone, command: str) -> None:
    app.run("create role looker login in role rota_reader")
    try:
        done = rota("schedule", command, url=app.url("looker"))
        assert done.returncode == errors.OK, done.stderr
    finally:
        app.run("drop role looker")


def test_a_zone_that_has_vanished_from_the_server(app: Clone) -> None:
    app.run(
        "update rota_core.schedule set next_at = 'infinity', timezone = 'Mars/Olympus'"
        " where schedule = 'nightly'"
    )
    for command in ("list", "next", "week"):
        say(app, command)
    assert told(app, "list")[-1]["next_at"] is None
    assert "none in sight" in say(app, "show", "nightly")


def test_an_unknown_zone(app: Clone) -> None:
    assert "no time zone" in say(app, "list", "--zone", "Mars/Olympus", exit_code=errors.USAGE)
