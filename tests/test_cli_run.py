"""`rota run start`, `list`, `show`: what they do, print and return."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import Clone
from pgrota import errors
from support_process import start, wait_for_state
from support_run import RUN, TASKS, finish, here, ok, refused


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


def test_start_with_everything(app: Clone, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"name": "Åse"}')
    said = ok(
        app, "run", "start", "good", "--input", f"@{tmp_path / 'in.json'}", "--key", "k",
        "--run-at", "1h", "--priority", "7", "--tag", "a", "--tag", "b",
    )  # fmt: skip
    assert said == "run 1 queued\n"
    run = app.value(RUN, 1)
    assert run["input"] == {"name": "Åse"}
    assert (run["key"], run["priority"], set(run["tags"])) == ("k", 7, {"greeting", "a", "b"})
    assert app.value("select r.run_at - r.created_at between '59 min' and '61 min'"
                     " from rota.runs as r")  # fmt: skip
    again = ok(app, "run", "start", "good", "--key", "k")
    assert again == "run 1 was started with this key before: queued\n"
    found = json.loads(ok(app, "run", "start", "good", "--key", "k", "--json"))
    assert found == {"run_id": 1, "is_new": False, "state": "queued"}


def test_start_reads_standard_input(app: Clone) -> None:
    subprocess.run(
        [sys.executable, "-m", "pgrota.cli", "run", "start", "good", "--input", "-"],
        input='{"name": "Bo"}', text=True, check=True, capture_output=True,
        env=os.environ | {"ROTA_DATABASE_URL": app.url()},
    )  # fmt: skip
    assert app.value(RUN, 1)["input"] == {"name": "Bo"}


def test_retry_failed_queues_the_failed_run_of_a_key(app: Clone) -> None:
    ok(app, "run", "start", "says", "--key", "k")
    worker = app.work()
    wait_for_state(app, 1, "failed")
    worker.cancel()
    worker.join()
    assert "before: failed" in ok(app, "run", "start", "says", "--key", "k")
    assert "before: queued" in ok(app, "run", "start", "says", "--key", "k", "--retry-failed")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nope",), errors.ERROR, "task 'nope' does not exist"),
        (("good", "--input", "{"), errors.USAGE, "not JSON"),
        (("good", "--input", "[1]"), errors.USAGE, "a JSON object"),
        (("good", "--input", "@/does/not/exist"), errors.USAGE, "No such file"),
        (("good", "--run-at", "soon"), errors.USAGE, "'soon' is neither"),
        (("good", "--priority", "high"), errors.USAGE, "not a valid integer"),
        ((), errors.USAGE, "Missing argument"),
    ],
)
def test_start_refuses(app: Clone, arguments: tuple[str, ...], code: int, words: str) -> None:
    assert words in refused(app, "run", "start", *arguments, code=code)
    assert app.value("select count(*) from rota.runs") == 0


def test_list_filters(app: Clone) -> None:
    finish(app, "good", '{"name": "a"}')
    finish(app, "says", wanted="failed")
    start(app, "good", run_at="now() + interval '2 hours'")
    everything = ok(app, "run", "list")
    assert [line.split()[:3] for line in everything.splitlines()[3:6]] == [
        ["3", "good", "queued"],
        ["2", "says", "failed"],
        ["1", "good", "succeeded"],
    ]
    assert "due in 1 h 59 min" in everything or "due in 2 h" in everything
    assert "no luck today" in everything

    def numbers(*filters: str) -> list[int]:
        return [run["run_id"] for run in json.loads(ok(app, "run", "list", *filters, "--json"))]

    assert numbers("--task", "good") == [3, 1]
    assert numbers("--state", "failed") == [2]
    assert numbers("--limit", "1") == [3]
    assert numbers("--since", "1h") == [3, 2, 1]
    assert numbers("--since", "2999-01-01") == []
    assert ok(app, "run", "list", "--task", "steps") == "no runs\n"
    assert "neither" in refused(app, "run", "list", "--since", "x", code=errors.USAGE)


def test_the_page_of_a_failed_run_has_all_one_needs(app: Clone) -> None:
    run_id = finish(app, "bad", wanted="failed")
    page = ok(app, "run", "show", str(run_id))
    for words in (
        f"run {run_id}  bad  failed",
        "sqlstate 23505 unique_violation",
        'message  duplicate key value violates unique constraint "row_pkey"',
        "detail   Key (id)=(1) already exists.",
        "PL/pgSQL function app.bad() line 4 at SQL statement",
        "by postgres",
        "after its start",
        "[WARN] [bad] about to insert",
        f"next: rota run retry {run_id}",
    ):
        assert words in page, page
    assert "rota_core" not in page, "our own frames help nobody"
    attempts = [line.split()[:3] for line in page.splitlines() if " 23505 " in line][1:]
    assert attempts == [["1", "failed", "yes"], ["2", "failed", "yes"]]
    assert page.count("about to insert") == 2


def test_the_page_fits_100_columns(app: Clone) -> None:
    run_id = finish(app, "says", wanted="failed")
    done = here("run", "show", str(run_id), url=app.url(), COLUMNS="100")
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "hint     try tomorrow" in done.stdout


def test_the_pages_of_other_states(app: Clone) -> None:
    good = finish(app, "good", '{"name": "a"}')
    page = ok(app, "run", "show", str(good))
    assert 'output     {"hello": "a"}' in page
    assert "next" not in page
    assert "error" not in page
    queued = start(app, "good")
    assert f"next: rota run follow {queued}" in ok(app, "run", "show", str(queued))
    app.work()
    long = start(app, "steps", '{"seconds": 30}')
    wait_for_state(app, long, "running")
    page = ok(app, "run", "show", str(long))
    assert "running    for" in page
    assert f"to stop it: rota run cancel {long}" in page


def test_show_as_json_is_the_run_with_attempts_and_log(app: Clone) -> None:
    run_id = finish(app, "bad", wanted="failed")
    run = json.loads(ok(app, "run", "show", str(run_id), "--json"))
    assert run["error"]["sqlstate"] == "23505"
    assert [attempt["outcome"] for attempt in run["attempts"]] == ["failed", "failed"]
    assert [line["message"] for line in run["log"]] == ["about to insert"] * 2
    assert "run 99 does not exist" in refused(app, "run", "show", "99")


def test_what_a_run_wrote_cannot_steer_the_terminal(app: Clone) -> None:
    app.run(
        "create or replace function app.bad() returns void language plpgsql as"
        " $$ begin perform rota.log('info', e'a\\x1b[2Jb'); raise e'c\\x1b]0;t\\x07d'; end $$"
    )
    page = ok(app, "run", "show", str(finish(app, "bad", wanted="failed")))
    assert "\x1b" not in page
    assert "\x07" not in page
    assert r"a\x1b[2Jb" in page
