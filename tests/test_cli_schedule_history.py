"""`rota schedule history`: each slot, what became of it, and what that comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from harness import Clone, wait_until
from pgrota import errors
from support_schedule import MINUTE, NOON, define, fire, prepare, set_clock
from support_schedule_cli import line_of, say, told, width

BAD = """
create function public.bad(input jsonb) returns void language plpgsql
as $$ begin raise exception 'no'; end $$
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    """Slots at 12:10 succeeded in 5 s, 12:20 failed, 12:30 paused, 12:40 late, 12:50 queued."""
    prepare(database)
    set_clock(database, NOON)
    define(database, "*/10 * * * *", timezone="Asia/Kolkata")
    database.run(BAD)
    database.run("select rota.define_task('bad', 'public.bad', max_attempts => 1)")
    worker = database.work()
    set_clock(database, NOON + 9.5 * MINUTE)
    fire(database)
    ended(database, 1)
    set_clock(database, NOON + 15 * MINUTE)
    define(database, "*/10 * * * *", task="bad", timezone="Asia/Kolkata")
    set_clock(database, NOON + 19.5 * MINUTE + timedelta(seconds=40))
    fire(database)
    ended(database, 2)
    define(database, "*/10 * * * *", timezone="Asia/Kolkata", misfire="skip")
    database.run("select rota.pause('schedule', 'job')")
    set_clock(database, NOON + 29.5 * MINUTE)
    fire(database)
    database.run("select rota.resume('schedule', 'job')")
    set_clock(database, NOON + 45 * MINUTE)
    fire(database)
    worker.terminate()
    worker.join()
    set_clock(database, NOON + 49.5 * MINUTE)
    fire(database)
    database.run(
        "update rota_core.finished_run set finished_at = started_at + interval '5 s'"
        " where state = 'succeeded'"
    )
    return database


def ended(database: Clone, count: int) -> None:
    query = "select count(*) from rota_core.finished_run"
    wait_until(lambda: database.value(query) == count, what="the run to end")


def test_each_slot_and_what_became_of_it(app: Clone) -> None:
    text = say(app, "history", "job", COLUMNS="80")
    assert width(text) <= 80
    assert text.startswith("Times in Asia/Tokyo, there: Asia/Kolkata\n")
    # 12:10 in Greenwich is 21:10 in Tokyo and 17:40 in Kolkata.
    assert line_of(text, "21:10").split()[2:8] == ["21:10", "17:40", "succeeded", "1", "5.0", "s"]
    assert line_of(text, "21:20").split()[3:6] == ["17:50", "failed", "40.0"]
    assert "skipped" in line_of(text, "21:30", "paused")
    assert "missed" in line_of(text, "21:40", "late")
    assert "queued" in line_of(text, "21:50")
    assert text.index("21:50") < text.index("21:10")
    assert "slots    5: 3 started, 1 skipped, 1 missed" in text
    assert "runs     1 failed, 1 queued, 1 succeeded" in text
    assert "in the median, 5.0 s at most" in text
    assert "on time  100 %: 3 of 3 started within a minute" in text


def test_the_summary_as_json(app: Clone) -> None:
    found = told(app, "history", "job")
    assert set(found) == {"schedule", "slots", "summary", "older"}
    assert set(found["slots"][0]) == {
        "slot", "through", "outcome", "reason", "fired_at", "fired_by", "late", "run_id",
        "run_state", "took",
    }  # fmt: skip
    summary = found["summary"]
    counts = ("slots", "started", "succeeded", "failed", "skipped", "missed", "on_time")
    assert [summary[name] for name in counts] == [5, 3, 1, 1, 1, 1, 3]
    assert summary["longest_duration"] == 5
    assert summary["on_time_share"] == 1
    assert found["slots"][-1]["late"] == 0
    assert found["slots"][3]["late"] == 40


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--outcome", "failed"), ["12:20"]),
        (("--outcome", "skipped, missed"), ["12:40", "12:30"]),
        (("--outcome", "started"), ["12:50", "12:20", "12:10"]),
        (("-n", "2"), ["12:50", "12:40"]),
        (("--since", "2026-01-01 21:30"), ["12:50", "12:40", "12:30"]),
        (("--since", "2026-01-01 21:30", "--zone", "UTC"), []),
        (("--since", "2026-01-01 21:30", "-n", "1"), ["12:50"]),
    ],
)
def test_which_slots(app: Clone, arguments: tuple[str, ...], expected: list[str]) -> None:
    found = told(app, "history", "job", *arguments)
    assert [slot["slot"][11:16] for slot in found["slots"]] == expected
    assert found["older"] is ("-n" in arguments)


def test_what_is_left_out_is_said(app: Clone) -> None:
    assert "older ones: rota schedule history job -n 20" in say(app, "history", "job", "-n", "2")
    assert "older" not in say(app, "history", "job", "-n", "5")
    assert say(app, "history", "job", "--outcome", "waiting") == "no slots like that\n"


def test_a_schedule_that_has_not_fired(app: Clone) -> None:
    define(app, "0 0 1 1 *", "rare")
    assert say(app, "history", "rare") == "no slots yet\n"
    assert told(app, "history", "rare")["summary"]["on_time_share"] is None


def test_a_row_that_stands_for_many_slots(app: Clone) -> None:
    define(app, "* * * * *", "pulse", misfire="skip")
    app.run("select rota.pause('schedule', 'pulse')")
    set_clock(app, NOON + timedelta(days=2))
    fire(app)
    text = say(app, "history", "pulse", COLUMNS="80")
    assert "to 01-03 21:00" in text
    assert "slots  20 and more: 20 skipped" in text


def test_an_outcome_that_is_none(app: Clone) -> None:
    said = say(app, "history", "job", "--outcome", "lost", exit_code=errors.USAGE)
    assert "'lost' is none of started, waiting, skipped" in said


def test_a_run_took_from_its_first_attempt_on(app: Clone) -> None:
    app.run(
        "update rota_core.finished_run set attempt = 2, started_at = started_at + interval '4 s'"
        " where state = 'succeeded'"
    )
    app.run(
        "insert into rota_core.attempt (run_id, task, attempt, outcome, charged, started_at,"
        " finished_at) select f.run_id, f.task, 1, 'failed', true, f.started_at - interval '4 s',"
        " f.started_at from rota_core.finished_run as f where f.state = 'succeeded'"
    )
    assert told(app, "history", "job", "--outcome", "succeeded")["slots"][0]["took"] == 5
