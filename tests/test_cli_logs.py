"""`rota logs`: what it selects, how it looks, and how it follows."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest

from harness import Clone, wait_until
from pgrota import errors
from pgrota.database import Database
from pgrota.log_lines import LogReader, one_line
from support_run import here

LINES = """
insert into rota_core.log (at, level, message, context, component, run_id, task, attempt)
values
  (now() - interval '3 hours', 'debug', 'old', '{}', 'one', 1, 'one', 1),
  (now() - interval '2 hours', 'info', 'middle', '{"rows": 3, "component": "one"}', 'one', 1,
    'one', 1),
  (now() - interval '1 minute', 'warn', e'first\\nsecond', '{}', 'two', 2, 'two', 1),
  (now(), 'error', 'newest', '{"a": "ü"}', null, null, null, null)
"""
ADD = "select rota.log('info', %s)"
FORM = re.compile(
    r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\] \[(DEBUG|INFO|WARN|ERROR)\] \[\S+\] .+"
)


@pytest.fixture
def filled(database: Clone) -> Clone:
    database.run(LINES)
    return database


def messages(database: Clone, *arguments: str) -> list[str]:
    done = here("logs", *arguments, "--json", url=database.url())
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["message"] for line in done.stdout.splitlines()]


def test_the_form_of_a_line(filled: Clone) -> None:
    lines = here("logs", url=filled.url()).stdout.splitlines()
    assert all(FORM.fullmatch(line) for line in lines if not line.startswith("    "))
    words = [line.split("] ", 1)[1] for line in lines if line.startswith("[")]
    assert words == [
        "[DEBUG] [one] old run=1",
        '[INFO] [one] middle run=1 {"rows": 3}',
        "[WARN] [two] first run=2",
        '[ERROR] [rota] newest {"a": "ü"}',
    ]
    assert lines[3] == "    second"


def test_what_is_selected(filled: Clone) -> None:
    assert messages(filled) == ["old", "middle", "first\nsecond", "newest"]
    assert messages(filled, "--run", "1") == ["old", "middle"]
    assert messages(filled, "--task", "two") == ["first\nsecond"]
    assert messages(filled, "--level", "warn") == ["first\nsecond", "newest"]
    assert messages(filled, "--since", "150 min") == ["middle", "first\nsecond", "newest"]
    assert messages(filled, "-n", "1") == ["newest"]
    assert messages(filled, "-n", "1", "--task", "one") == ["middle"]
    assert messages(filled, "-n", "0") == []


def test_nothing_to_show_is_said_beside_the_data(filled: Clone) -> None:
    done = here("logs", "--run", "9", url=filled.url())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no log lines\n")


@pytest.mark.parametrize("wrong", [("--level", "loud"), ("--since", "x"), ("-n", "-1")])
def test_wrong_usage(filled: Clone, wrong: tuple[str, str]) -> None:
    assert here("logs", *wrong, url=filled.url()).returncode == errors.USAGE


def test_a_line_cannot_steer_the_terminal() -> None:
    from datetime import UTC, datetime

    line = {"at": datetime.now(UTC), "level": "info", "component": "x", "context": {}}
    assert "\x1b[2J" not in one_line(line | {"message": "a\x1b[2Jb\rc"})


# following

Follower = Callable[..., subprocess.Popen]


@pytest.fixture
def follow() -> Iterator[Follower]:
    started: list[subprocess.Popen] = []

    def begin(database: Clone, *arguments: str) -> subprocess.Popen:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "pgrota.cli", "logs", "-f", *arguments],
                env=os.environ | {"ROTA_DATABASE_URL": database.url(), "PYTHONUNBUFFERED": "1"},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
        )  # fmt: skip
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def test_follow_goes_on_until_ctrl_c(filled: Clone, follow: Follower) -> None:
    process = follow(filled, "-n", "1")
    assert "newest" in process.stdout.readline()
    filled.run(ADD, "one more")
    assert "one more" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert (rest, said) == ("", "")


def test_follow_survives_a_restart(crash_database: Clone, follow: Follower) -> None:
    crash_database.run(ADD, "before")
    process = follow(crash_database)
    assert "before" in process.stdout.readline()
    crash_database.server.restart("immediate")
    crash_database.run(ADD, "after")
    assert "after" in process.stdout.readline()


def test_a_line_that_commits_late_is_not_missed(filled: Clone) -> None:
    database = Database(filled.url())
    reader = LogReader(database)
    late: psycopg.Connection = filled.connect(autocommit=False)
    late.execute(ADD, ["late"])
    filled.run(ADD, "early")
    assert [row["message"] for row in reader.last(1)] == ["early"]
    assert reader.more() == []
    late.commit()
    filled.run(ADD, "next")
    assert [row["message"] for row in reader.more()] == ["late", "next"]
    assert reader.more() == []
    database.close()
    late.close()


def test_lines_before_the_last_ones_do_not_turn_up_later(filled: Clone) -> None:
    database = Database(filled.url())
    reader = LogReader(database, task="one")
    assert [row["message"] for row in reader.last(1)] == ["middle"]
    wait_until(lambda: reader.more() == [])
    database.close()
