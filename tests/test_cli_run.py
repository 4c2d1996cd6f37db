"""`rota run` and `rota task`: what they do, print and return."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import errors, moments
from support_deploy import rota
from support_process import start, state, wait_for_state

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.row (id int primary key);
insert into app.row values (1);
grant select, insert on app.row to rota_worker;
create function app.good(input jsonb) returns jsonb language plpgsql as $$
begin
  perform rota.log('info', 'greeting', jsonb_build_object('name', input ->> 'name'));
  return jsonb_build_object('hello', input ->> 'name');
end $$;
create function app.bad() returns void language plpgsql as $$
begin
  perform rota.log('warn', 'about to insert');
  insert into app.row values (1);
end $$;
create function app.says() returns void language plpgsql as $$
begin
  raise exception using errcode = 'XX123', message = 'no luck today', hint = 'try tomorrow',
    detail = repeat('very long ', 40);
end $$;
create function app.steps(input jsonb, state jsonb) returns jsonb language plpgsql as $$
declare
  v_n int := coalesce((state ->> 'n')::int, 0) + 1;
begin
  perform pg_sleep((input ->> 'seconds')::float8);
  perform rota.log('info', format('step %s', v_n));
  return jsonb_build_object('state', jsonb_build_object('n', v_n), 'rows', 1000,
    'progress', jsonb_build_object('done', v_n * 1000, 'total', 4000), 'done', v_n >= 4);
end $$;
select rota.define_task('good', 'app.good', tags => '{greeting}');
select rota.define_task('bad', 'app.bad', max_attempts => 2, initial_delay => '0.1 s');
select rota.define_task('says', 'app.says', max_attempts => 1);
select rota.define_task('steps', 'app.steps', kind => 'chunked');
"""
RUN = "select to_jsonb(r) from rota.runs as r where r.run_id = %s"


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


@pytest.fixture
def roles(app: Clone) -> Iterator[dict[str, str]]:
    """Logins: one with each role, and one with none. The value is its address."""
    names = {role: f"{role}_{app.name}" for role in ("rota_app", "rota_reader", "rota_admin")}
    names["none"] = f"none_{app.name}"
    for role, name in names.items():
        app.run(f"create role {name} login")
        if role != "none":
            app.run(f"grant {role} to {name}")
    yield {role: app.url(name) for role, name in names.items()}
    app.close()
    with app.server.connect() as connection:
        for name in names.values():
            connection.execute(f"drop role {name}")


def ok(app: Clone, *arguments: str, url: str | None = None) -> str:
    done = rota(*arguments, url=url or app.url())
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(app: Clone, *arguments: str, code: int = errors.ERROR, url: str | None = None) -> str:
    done = rota(*arguments, url=url or app.url())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def finish(app: Clone, task: str, document: str = "{}", wanted: str = "succeeded") -> int:
    run_id = start(app, task, document)
    worker = app.work(budget="10 s")
    wait_for_state(app, run_id, wanted)
    worker.cancel()
    worker.join()
    return run_id


# start


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


# list and show


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
    assert "due in 1 h 59 min" in everything or "due in 2 h 0 min" in everything
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
    done = rota("run", "show", str(run_id), url=app.url(), COLUMNS="100")
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


# cancel and retry


def test_cancel(app: Clone) -> None:
    done = finish(app, "good")
    queued = start(app, "good", run_at="now() + interval '1 hour'")
    said = ok(app, "run", "cancel", str(queued), str(done))
    assert said == f"run {queued} cancelled\nrun {done} had already succeeded\n"
    assert state(app, queued) == "cancelled"


def test_one_refusal_does_not_keep_the_others(app: Clone) -> None:
    queued = start(app, "good", run_at="now() + interval '1 hour'")
    done = rota("run", "cancel", "99", str(queued), url=app.url())
    assert done.returncode == errors.ERROR
    assert "run 99 does not exist" in done.stderr
    assert done.stdout == f"run {queued} cancelled\n"
    answers = json.loads(rota("run", "cancel", "99", str(queued), "--json", url=app.url()).stdout)
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
    done = rota("run", "start", "steps", "--input", '{"seconds": 0.5}', "--follow", url=app.url())
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
    done = rota("run", "start", "bad", "-f", url=app.url())
    assert done.returncode == errors.ERROR
    assert done.stdout.count("failed: 23505 duplicate key") >= 2
    assert done.stdout.endswith("next: rota run show 1\n")
    done = rota("run", "follow", "1", "--json", url=app.url())
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


# roles


def test_an_application_sees_and_stops_its_own(app: Clone, roles: dict[str, str]) -> None:
    url = roles["rota_app"]
    assert ok(app, "run", "start", "good", url=url) == "run 1 queued\n"
    assert "run 1  good  queued" in ok(app, "run", "show", "1", url=url)
    other = start(app, "good")
    assert f"run {other} was started by postgres" in refused(
        app, "run", "show", str(other), url=url
    )
    assert f"run {other} was started" in refused(app, "run", "cancel", str(other), url=url)
    said = refused(app, "run", "list", url=url)
    assert "permission denied for view runs" in said
    assert f"Hint: grant rota_reader to rota_app_{app.name};" in said
    assert ok(app, "run", "cancel", "1", url=url) == "run 1 cancelled\n"


def test_a_reader_sees_everything_and_changes_nothing(app: Clone, roles: dict[str, str]) -> None:
    url = roles["rota_reader"]
    run_id = finish(app, "bad", wanted="failed")
    page = ok(app, "run", "show", str(run_id), url=url)
    assert page == ok(app, "run", "show", str(run_id))
    assert "run 99 does not exist" in refused(app, "run", "show", "99", url=url)
    assert "bad" in ok(app, "run", "list", url=url)
    assert "good" in ok(app, "task", "list", url=url)
    for command in (("run", "start", "good"), ("run", "retry", "1"), ("task", "pause", "good")):
        said = refused(app, *command, url=url)
        assert "permission denied" in said
        assert "Hint: grant rota_" in said


def test_nobody_gets_a_clear_word(app: Clone, roles: dict[str, str]) -> None:
    for command in (("run", "list"), ("run", "start", "good"), ("logs",), ("task", "list")):
        said = refused(app, *command, url=roles["none"])
        assert f"none_{app.name} has no right to this" in said
        assert "Hint: grant rota_" in said


def test_without_the_engine(empty_database: Clone) -> None:
    for command in (("run", "list"), ("run", "start", "x"), ("logs",), ("task", "show", "x")):
        done = rota(*command, url=empty_database.url())
        assert done.returncode == errors.ERROR
        assert "rota is not installed in this database" in done.stderr
        assert "Hint: rota deploy" in done.stderr


# tasks


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
    assert "task 'nope' does not exist" in refused(app, "task", "pause", "nope")


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
