"""External tasks: Python handlers with rota's claims, retries and history."""

from __future__ import annotations

import http.server
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import Clone, wait_until
from pgrota import errors, external
from support_deploy import rota
from support_process import WorkerProcess, outcomes, sessions, start, state, wait_for_state

ExternalFactory = Callable[..., WorkerProcess]
OPEN = "select count(*) from rota_core.worker where ended_at is null"
TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.effect (what text, by_role name default current_user);
grant select, insert on app.effect to rota_worker;
"""
DEFINE = "select rota.define_task(%s, null, kind => 'external', initial_delay => '0.1 s'{})"
HANDLERS = """
import asyncio
import time
import urllib.request

import psycopg

from pgrota import external


@external.handler("fetch")
def fetch(input, context):
    context.log("info", "asking", url=input["url"], component="gateway")
    with urllib.request.urlopen(input["url"], timeout=5) as answer:
        return {"body": answer.read().decode(), "attempt": context.attempt, "key": context.key}


def note(place, what):
    with open(place, "a") as file:
        file.write(f"{what}\\n")


@external.handler("slow")
def slow(input, context):
    note(input["place"], f"begin {context.run_id} {context.attempt}")
    end = time.monotonic() + input.get("seconds", 0)
    while time.monotonic() < end and not (context.cancelled and input.get("polite", True)):
        time.sleep(0.02)
    note(input["place"], f"end {context.run_id} {context.attempt}")
    return {"cancelled": context.cancelled}


@external.handler("effect")
def effect(input, context):
    with context.transaction() as connection:
        connection.execute("insert into app.effect (what) values (%s)", [input["what"]])
    with context.transaction() as connection, connection.transaction():
        connection.execute("insert into app.effect (what) values ('more')")
    context.log("info", "written")
    time.sleep(input.get("seconds", 0))
    match input.get("then"):
        case "raise":
            raise ValueError("after the effect")
        case "commit":
            connection.commit()
        case "break":
            try:
                connection.execute("select 1 / 0")
            except psycopg.Error:
                pass
    return {"what": input["what"]}


@external.handler("raises")
def raises(input, context):
    match input["what"]:
        case "fatal":
            raise external.Fatal("no such customer")
        case "retry" if context.attempt == 1:
            raise external.Retry("busy", delay=input["delay"])
        case "retry":
            return None
        case "sql":
            raise psycopg.errors.UniqueViolation("already there")
        case "exit":
            raise SystemExit(3)
        case "null":
            raise ValueError("a null \\0 and half a pair \\ud800")
        case "chain":
            try:
                {}["key"]
            except KeyError as error:
                raise ConnectionResetError("ECONNRESET") from error


@external.handler("answers")
def answers(input):
    return {"set": {1}, "list": [1], "null": {"a": "\\0"}, "nan": {"a": float("nan")},
            "half": {"a": "\\ud800"}, "good": {"a": [1, None, "ü"]}, "none": None}[input["what"]]


@external.handler("later")
async def later(input, context):
    await asyncio.sleep(0.05)
    return {"loop": True}
"""


@pytest.fixture
def app(database: Clone, tmp_path: Path) -> Clone:
    """A database with external tasks, whose handlers stand in tmp_path/handlers.py."""
    database.run(TASKS)
    for task in ("fetch", "slow", "effect", "raises", "answers", "later"):
        database.run(DEFINE.format(""), task)
    (tmp_path / "handlers.py").write_text(HANDLERS)
    return database


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ExternalFactory]:
    """Start worker processes that have the handlers, and no workers for SQL tasks."""
    started: list[WorkerProcess] = []

    def begin(database: Clone, *arguments: str, user: str = "rota_worker") -> WorkerProcess:
        arguments = arguments or ("--external-only",)
        started.append(
            WorkerProcess(
                database.url(user), "--handlers", "handlers", *arguments, directory=tmp_path
            )
        )
        return started[-1].ready()

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the handler of `slow` writes what it does."""
    path = tmp_path / "notes"
    path.touch()
    return path


def slow(database: Clone, place: Path, seconds: float = 0, **more: str) -> int:
    polite = more.pop("polite", "true")
    document = f'{{"place": "{place}", "seconds": {seconds}, "polite": {polite}}}'
    return start(database, "slow", document, **more)


def column(database: Clone, run_id: int, expression: str) -> Any:
    return database.value(f"select {expression} from rota.runs as r where r.run_id = %s", run_id)


class Gateway(http.server.BaseHTTPRequestHandler):
    """Answers 500 as often as it was told, then 200."""

    failures = 0
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(500 if self.asked <= self.failures else 200)
        self.end_headers()
        self.wfile.write(b"paid")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[tuple[type[Gateway], str]]:
    kind = type("Fresh", (Gateway,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kind, f"http://127.0.0.1:{server.server_port}/pay"
    server.shutdown()
    server.server_close()


# success and failure


def test_a_gateway_that_fails_twice_is_asked_three_times(
    app: Clone, worker: ExternalFactory, gateway: tuple[type[Gateway], str]
) -> None:
    kind, url = gateway
    kind.failures = 2
    process = worker(app)
    run_id = start(app, "fetch", f'{{"url": "{url}"}}', key="'order-17'")
    wait_for_state(app, run_id, "succeeded")
    assert kind.asked == 3
    assert column(app, run_id, "r.output") == {"body": "paid", "attempt": 3, "key": "order-17"}
    assert outcomes(app, run_id) == [("failed", True), ("failed", True), ("succeeded", True)]
    error = app.value("select a.error from rota.attempts as a where a.attempt = 1")
    assert error["sqlstate"] == "P0001"
    assert error["message"] == "HTTPError: HTTP Error 500: Internal Server Error"
    assert "handlers.py:14 in fetch" in error["context"]
    lines = app.run(
        "select l.component, l.message, l.task, l.attempt, l.context ->> 'url' from rota.logs as l"
        " where l.run_id = %s order by l.log_id",
        run_id,
    )
    assert lines == [("gateway", "asking", "fetch", n, url) for n in (1, 2, 3)]
    assert process.stop() == 0
    assert app.value(OPEN) == 0
    assert sessions(app) == 0


def test_attempts_used_up(app: Clone, worker: ExternalFactory) -> None:
    worker(app)
    run_id = start(app, "fetch", '{"url": "http://127.0.0.1:1/"}')
    wait_for_state(app, run_id, "failed")
    assert [outcome for outcome, _ in outcomes(app, run_id)] == ["failed"] * 3


def test_retry_on_looks_at_the_message(app: Clone, worker: ExternalFactory) -> None:
    app.run(DEFINE.format(", retry_on => '{ECONNRESET}'"), "raises")
    worker(app)
    again = start(app, "raises", '{"what": "chain"}')
    once = start(app, "raises", '{"what": "null"}')
    wait_for_state(app, again, "failed")
    wait_for_state(app, once, "failed")
    assert len(outcomes(app, again)) == 3
    assert len(outcomes(app, once)) == 1
    assert "caused by KeyError: 'key'" in column(app, again, "r.error ->> 'context'")
    assert column(app, once, "r.error ->> 'message'") == "ValueError: a null  and half a pair ?"


def test_fatal_ends_it_and_retry_names_the_delay(app: Clone, worker: ExternalFactory) -> None:
    worker(app)
    fatal = start(app, "raises", '{"what": "fatal"}')
    wait_for_state(app, fatal, "failed")
    assert len(outcomes(app, fatal)) == 1
    far = start(app, "raises", '{"what": "retry", "delay": 3600}')
    wait_until(lambda: column(app, far, "r.attempt") == 1 and state(app, far) == "queued")
    assert column(app, far, "r.run_at > now() + interval '59 min'")
    near = start(app, "raises", '{"what": "retry", "delay": 0}')
    wait_for_state(app, near, "succeeded")
    assert len(outcomes(app, near)) == 2


@pytest.mark.parametrize(
    ("what", "sqlstate", "words"),
    [
        ("sql", "23505", "UniqueViolation: already there"),
        ("exit", "P0001", "SystemExit: 3"),
    ],
)
def test_exceptions_of_other_kinds(
    app: Clone, worker: ExternalFactory, what: str, sqlstate: str, words: str
) -> None:
    process = worker(app)
    run_id = start(app, "raises", f'{{"what": "{what}"}}')
    wait_for_state(app, run_id, "failed")
    assert column(app, run_id, "r.error ->> 'sqlstate'") == sqlstate
    assert column(app, run_id, "r.error ->> 'message'") == words
    assert process.process.poll() is None


def test_answers_in_the_wrong_shape_fail(app: Clone, worker: ExternalFactory) -> None:
    app.run(DEFINE.format(", max_attempts => 1"), "answers")
    worker(app)
    runs = {
        what: start(app, "answers", f'{{"what": "{what}"}}')
        for what in ("set", "list", "null", "nan", "half", "good", "none")
    }
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0)
    states = {what: state(app, run_id) for what, run_id in runs.items()}
    assert states.pop("good") == states.pop("none") == "succeeded"
    assert set(states.values()) == {"failed"}
    assert column(app, runs["good"], "r.output") == {"a": [1, None, "ü"]}
    assert column(app, runs["none"], "r.output") is None
    assert column(app, runs["set"], "r.error ->> 'sqlstate'") == "RT005"
    words = column(app, runs["list"], "r.error ->> 'message'")
    assert words == "the handler returned list, not a dict or None"


def test_a_coroutine_is_run_to_its_end(app: Clone, worker: ExternalFactory) -> None:
    worker(app)
    run_id = start(app, "later")
    wait_for_state(app, run_id, "succeeded")
    assert column(app, run_id, "r.output") == {"loop": True}


# sharing and stopping


def test_two_workers_handle_each_run_once(app: Clone, worker: ExternalFactory, place: Path) -> None:
    runs = [slow(app, place, 0.02) for _ in range(60)]
    worker(app, "--external-only", "--workers", "4")
    worker(app, "--external-only", "--workers", "4")
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0, 30)
    assert sorted(place.read_text().split("\n")[:-1]) == sorted(
        f"{word} {run_id} 1" for run_id in runs for word in ("begin", "end")
    )
    workers = app.run("select r.worker_id, count(*) from rota.runs as r group by 1")
    assert len(workers) == 2
    assert sum(count for _, count in workers) == 60


def test_limits_hold_across_workers(app: Clone, worker: ExternalFactory, place: Path) -> None:
    app.run(DEFINE.format(", concurrency => 2"), "slow")
    for _ in range(2):
        worker(app, "--external-only", "--workers", "4")
    for _ in range(12):
        slow(app, place, 0.1)
    wait_until(lambda: app.value("select count(*) from rota_core.run") == 0, 30)
    busy = most = 0
    for line in place.read_text().splitlines():
        busy += 1 if line.startswith("begin") else -1
        most = max(most, busy)
    assert most == 2


def test_a_killed_worker_is_recovered(app: Clone, worker: ExternalFactory, place: Path) -> None:
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 2)
    wait_until(lambda: "begin" in place.read_text())
    process.kill()
    worker(app)
    wait_for_state(app, run_id, "succeeded", 10)
    assert outcomes(app, run_id) == [("lost", True), ("succeeded", True)]
    assert place.read_text() == f"begin {run_id} 1\nbegin {run_id} 2\nend {run_id} 2\n"


def test_a_cancelled_run_is_told_and_its_answer_refused(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 60)
    wait_until(lambda: "begin" in place.read_text())
    assert app.value("select rota.cancel(%s)", run_id) == "cancelling"
    wait_for_state(app, run_id, "cancelled", 5)
    wait_until(lambda: "end" in place.read_text())
    process.wait_for(f"the outcome of run {run_id} of slow, attempt 1, was dropped")
    wait_until(
        lambda: app.value(
            "select true from rota.logs as l where l.component = 'external'"
            " and l.context ->> 'run_id' = %s",
            str(run_id),
        )
    )
    assert column(app, run_id, "r.output") is None


def test_a_run_past_its_timeout_is_ended_and_the_late_answer_refused(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    app.run(DEFINE.format(", timeout => '0.5 s', max_attempts => 1"), "slow")
    app.supervise()
    process = worker(app)
    run_id = slow(app, place, 3, polite="false")
    wait_for_state(app, run_id, "failed", 5)
    assert outcomes(app, run_id) == [("timeout", True)]
    assert "end" not in place.read_text()
    process.wait_for("was dropped")
    assert "end" in place.read_text()
    assert state(app, run_id) == "failed"


def test_handlers_that_hang_give_up_their_place(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    app.run(DEFINE.format(", timeout => '0.3 s', max_attempts => 1"), "slow")
    app.supervise()
    worker(app, "--external-only", "--workers", "1")
    hung = slow(app, place, 60, polite="false")
    wait_for_state(app, hung, "failed", 5)
    run_id = start(app, "later")
    wait_for_state(app, run_id, "succeeded", 5)


def test_sigterm_lets_handlers_end(app: Clone, worker: ExternalFactory, place: Path) -> None:
    process = worker(app)
    run_id = slow(app, place, 1)
    wait_until(lambda: "begin" in place.read_text())
    late = slow(app, place, run_at="now() + interval '0.3 s'")
    assert process.stop() == 0
    assert outcomes(app, run_id) == [("succeeded", True)]
    assert state(app, late) == "queued"


def test_after_the_grace_a_run_is_given_up_uncounted(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    process = worker(app, "--external-only", "--grace", "0.3")
    run_id = slow(app, place, 60, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    assert process.stop(8) == 0
    assert state(app, run_id) == "queued"
    assert outcomes(app, run_id) == [("interrupted", False)]
    assert app.value(OPEN) == 0


def test_an_outcome_waits_for_the_server(
    crash_database: Clone, worker: ExternalFactory, place: Path, tmp_path: Path
) -> None:
    (tmp_path / "handlers.py").write_text(HANDLERS)
    crash_database.run(TASKS)
    crash_database.run(DEFINE.format(", timeout => '20 s'"), "slow")
    process = worker(crash_database)
    run_id = slow(crash_database, place, 1.5)
    wait_until(lambda: "begin" in place.read_text())
    crash_database.server.restart("immediate")
    process.wait_for("connected again")
    wait_for_state(crash_database, run_id, "succeeded", 15)
    # Nobody supervises here, so nobody declared the worker lost meanwhile.
    assert place.read_text().count("begin") == 1
    crash_database.supervise()
    second = slow(crash_database, place, 1.5)
    wait_until(lambda: place.read_text().count("begin") == 2)
    pids = crash_database.run("select w.pid from rota.workers as w where w.kind = 'external'"
                              " and w.state = 'working'")  # fmt: skip
    for (pid,) in pids:
        crash_database.signal("pg_terminate_backend", pid)
    wait_for_state(crash_database, second, "succeeded", 15)
    assert [outcome for outcome, _ in outcomes(crash_database, second)] in (
        ["lost", "succeeded"],
        ["succeeded"],
    )


def test_it_stays_away_while_the_engine_is_upgraded(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    process = worker(app)
    run_id = slow(app, place, 7, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    app.run("insert into rota_core.setting (name, value) values ('draining', 'infinity')")
    process.wait_for("being upgraded")
    waiting = start(app, "later")
    wait_until(lambda: app.value(OPEN) == 0)
    assert state(app, run_id) == "succeeded", "what was under way ended first"
    assert state(app, waiting) == "queued"
    app.run("delete from rota_core.setting where name = 'draining'")
    wait_for_state(app, waiting, "succeeded")


def test_a_worker_that_was_declared_lost_registers_again(
    app: Clone, worker: ExternalFactory, place: Path
) -> None:
    process = worker(app)
    first = slow(app, place, 6, polite="false")
    wait_until(lambda: "begin" in place.read_text())
    app.run("select rota_core.lose_worker(w.worker_id) from rota_core.worker as w")
    process.wait_for("was declared lost")
    second = start(app, "later")
    wait_for_state(app, second, "succeeded")
    process.wait_for("was dropped")
    assert outcomes(app, first)[0][0] == "lost"


# the transaction


def test_effects_commit_with_the_outcome(app: Clone, worker: ExternalFactory) -> None:
    worker(app, user="postgres")
    run_id = start(app, "effect", '{"what": "a", "seconds": 0.5}')
    wait_for_state(app, run_id, "running")
    wait_until(lambda: app.value("select count(*) from rota.logs") == 1)
    assert app.value("select count(*) from app.effect") == 0
    wait_for_state(app, run_id, "succeeded")
    rows = app.run("select e.what, e.by_role, e.xmin::text from app.effect as e order by 1")
    assert [(what, role) for what, role, _ in rows] == [
        ("a", "rota_worker"),
        ("more", "rota_worker"),
    ]
    outcome = app.value("select f.xmin::text from rota_core.finished_run as f")
    assert rows[0][2] == outcome, "one transaction"


@pytest.mark.parametrize("then", ["raise", "commit", "break"])
def test_effects_of_a_failure_are_undone(app: Clone, worker: ExternalFactory, then: str) -> None:
    app.run(DEFINE.format(", max_attempts => 1"), "effect")
    worker(app)
    run_id = start(app, "effect", f'{{"what": "a", "then": "{then}"}}')
    wait_for_state(app, run_id, "failed")
    assert app.value("select count(*) from app.effect") == 0
    assert app.run("select l.message from rota.logs as l") == [("written",)]


def test_effects_of_a_run_that_was_taken_away_are_undone(
    app: Clone, worker: ExternalFactory
) -> None:
    app.run(DEFINE.format(", timeout => '0.2 s', max_attempts => 1"), "effect")
    process = worker(app)
    run_id = start(app, "effect", '{"what": "a", "seconds": 0.8}')
    wait_for_state(app, run_id, "running")
    time.sleep(0.3)
    assert app.value("select rota_core.expire_external()") == 1
    process.wait_for("was dropped")
    assert state(app, run_id) == "failed"
    assert app.value("select count(*) from app.effect") == 0


# beside SQL tasks, and without a database


def test_one_process_does_sql_and_external_tasks(app: Clone, worker: ExternalFactory) -> None:
    app.run(
        "create function app.plain() returns void language sql as"
        " $$ insert into app.effect (what) values ('plain') $$"
    )
    app.run("select rota.define_task('plain', 'app.plain')")
    runs = [start(app, "plain"), start(app, "later")]
    process = worker(app, "--once")
    assert process.end() == 0
    assert [state(app, run_id) for run_id in runs] == ["succeeded", "succeeded"]
    assert sessions(app) == 0


def test_it_says_which_tasks_and_handlers_lack_each_other(
    app: Clone, worker: ExternalFactory
) -> None:
    app.run("select rota.drop_task('later')")
    app.run(DEFINE.format(""), "orphan")
    process = worker(app)
    process.wait_for("task later has a handler here, but is not defined")
    process.wait_for("external task orphan has no handler here")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "module wrong cannot be imported"),
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "there is no handler in wrong"),
    ],
)
def test_a_module_that_will_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, words: str
) -> None:
    if text:
        (tmp_path / "wrong.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    done = rota("worker", "--handlers", "wrong", url="postgresql://127.0.0.1:1/none")
    assert done.returncode == errors.ERROR
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_handler_stays_a_function_that_tests_can_call() -> None:
    @external.handler("test-only")
    def double(input: dict, context: external.Context) -> dict:
        context.log("info", "doubling", n=input["n"])
        context.check()
        return {"n": 2 * input["n"], "run": context.run_id}

    try:
        assert double({"n": 4}, external.Context(run_id=7)) == {"n": 8, "run": 7}
        with pytest.raises(ValueError, match="test-only has two handlers"):
            external.handler("test-only")(lambda input: None)
        with pytest.raises(TypeError, match="name the task"):
            external.handler(double)
    finally:
        del external.handlers["test-only"]


def test_ctrl_c_is_a_request_to_leave(app: Clone, worker: ExternalFactory) -> None:
    process = worker(app)
    process.send(signal.SIGINT)
    assert process.end() == 0
    assert app.value(OPEN) == 0
