"""`rota task`, and times as people type them."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest

from harness import Clone, wait_until
from pgrota import moments
from support_process import start, state
from support_run import TASKS, ok, refused


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


def test_tasks(app: Clone) -> None:
    app.run("select rota.define_task('limited', 'app.bad', concurrency => 2, lane => 'batch')")
    listed = ok(app, "task", "list")
    assert "concurrency 2" in listed
    assert "chunked" in listed
    shown = ok(app, "task", "show", "good")
    assert "app.good" in shown
    assert "greeting" in shown
    assert "task nope does not exist" in refused(app, "task", "show", "nope")
    assert json.loads(ok(app, "task", "show", "good", "--json"))["max_attempts"] == 3


def test_pause_and_resume(app: Clone) -> None:
    said = ok(app, "task", "pause", "good", "--until", "2h", "--reason", "moving house")
    assert said.startswith("task good is paused until 20")
    assert "moving house" in ok(app, "task", "list")
    assert "paused until" in ok(app, "task", "show", "good")
    run_id = start(app, "good")
    app.work()
    time.sleep(0.3)
    assert state(app, run_id) == "queued"
    assert ok(app, "task", "resume", "good") == "task good goes on\n"
    wait_until(lambda: state(app, run_id) == "succeeded")
    assert "go on with: rota task resume good" in ok(app, "task", "pause", "good")
    assert "task nope does not exist" in refused(app, "task", "pause", "nope")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h", 3600), ("90 s", 90), ("5m", 300), ("10 min", 600), ("2 days", 172800), ("1.5h", 5400),
     ("3 weeks", 1814400), ("1 hour", 3600), ("+5min", 300)],
)  # fmt: skip
def test_lengths_of_time(text: str, seconds: float) -> None:
    assert moments.length(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1 fortnight", "-1h", "2026-01-31", "9" * 400 + "h"]
)
def test_what_is_no_length_of_time(text: str) -> None:
    assert moments.length(text) is None
