"""`rota run follow`, `cancel` and `retry`."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from harness import Clone
from pgrota import errors
from support_process import start, state, wait_for_state
from support_run import TASKS, finish, here, ok, refused


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


# cancel and retry


def test_cancel(app: Clone) -> None:
    done = finish(app, "good")
    queued = start(app, "good", run_at="now() + interval '1 hour'")
    said = ok(app, "run", "cancel", str(queued), str(done))
    assert said == f"run {queued} cancelled\nrun {done} had already succeeded\n"
    assert state(app, queued) == "cancelled"


def test_one_refusal_does_not_keep_the_others(app: Clone) -> None:
    queued = start(app, "good", run_at="now() + interval '1 hour'")
    done = here("run", "cancel", "99", str(queued), url=app.url())
    assert done.returncode == errors.ERROR
    assert "run 99 does not exist" in done.stderr
    assert done.stdout == f"run {queued} cancelled\n"
    answers = json.loads(here("run", "cancel", "99", str(queued), "--json", url=app.url()).stdout)
    assert answers[0]["error"]["sqlstate"] == "42704"
    assert answers[1] == {"run_id": queued, "state": "cancelled"}


def test_retry(app: Clone) -> None:
    failed = [finish(app, "says", wanted="failed") for _ in range(2)]
    good = finish(app, "good")
    assert ok(app, "run", "retry", str(failed[0])) == f"run {failed[0]} queued again\n"
    assert "succeeded and cannot be retried" in refused(app, "run", "retry", str(good))
    said = ok(app, "run", "retry", "--task", "says", "--since", "1h")
    assert said == "1 run of says queued again\n"
    assert {state(app, run_id) for run_id in failed} == {"queued"}
    for wrong in (
        (),
        ("--task", "says"),
        ("1", "--task", "says", "--since", "1h"),
        ("--since", "1h"),
    ):
        refused(app, "run", "retry", *wrong, code=errors.USAGE)


# follow


def test_follow_prints_plain_lines_into_a_pipe(app: Clone) -> None:
    app.work()
    done = here("run", "start", "steps", "--input", '{"seconds": 0.5}', "--follow", url=app.url())
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("run 1 of steps ")
    assert "run 1 of steps running, attempt 1" in lines
    assert "2,000 of 4,000 (50%), 2,000 rows" in lines
    assert [line.split("] ")[-1] for line in lines if "[INFO]" in line] == [
        f"step {n}" for n in (1, 2, 3, 4)
    ]
    assert lines[-1].startswith("run 1 succeeded after ")
    assert lines[-1].endswith(", 4,000 rows")
    assert "\x1b" not in done.stdout


def test_follow_tells_of_attempts_and_ends_with_1(app: Clone) -> None:
    app.work()
    done = here("run", "start", "bad", "-f", url=app.url())
    assert done.returncode == errors.ERROR
    assert done.stdout.count("failed: 23505 duplicate key") >= 2
    assert done.stdout.endswith("next: rota run show 1\n")
    done = here("run", "follow", "1", "--json", url=app.url())
    assert done.returncode == errors.ERROR
    assert json.loads(done.stdout)["state"] == "failed"


def test_ctrl_c_leaves_the_run_alone(app: Clone) -> None:
    app.work()
    run_id = start(app, "steps", '{"seconds": 0.5}')
    follower = subprocess.Popen(
        [sys.executable, "-m", "pgrota.cli", "run", "follow", str(run_id)],
        env=os.environ | {"ROTA_DATABASE_URL": app.url(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    _, said = follower.communicate(timeout=10)
    assert follower.returncode == 130
    assert f"run {run_id} goes on without you" in said
    assert "Traceback" not in said
    wait_for_state(app, run_id, "succeeded")


def test_follow_survives_a_restart_of_the_server(crash_database: Clone) -> None:
    crash_database.run(TASKS)
    run_id = start(crash_database, "good", '{"name": "a"}', run_at="now() + interval '1 second'")
    follower = subprocess.Popen(
        [sys.executable, "-m", "pgrota.cli", "run", "follow", str(run_id)],
        env=os.environ | {"ROTA_DATABASE_URL": crash_database.url(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert follower.stdout.readline()
    crash_database.server.restart("immediate")
    crash_database.work()
    said, _ = follower.communicate(timeout=20)
    assert follower.returncode == 0
    assert "the server is away" in said
    assert "the server is back" in said


def test_follow_shows_a_bar_in_a_terminal(app: Clone) -> None:
    app.work()
    run_id = start(app, "steps", '{"seconds": 0.4}')
    ours, theirs = pty.openpty()
    follower = subprocess.Popen(
        [sys.executable, "-m", "pgrota.cli", "run", "follow", str(run_id)],
        env=os.environ | {"ROTA_DATABASE_URL": app.url(), "TERM": "xterm", "COLUMNS": "100"},
        stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:
        pass  # How a terminal says that its other side has gone.
    finally:
        os.close(ours)
    assert follower.wait(10) == 0
    text = seen.decode()
    assert "━" in text
    assert "of 4,000" in text
    assert f"run {run_id} " in text
