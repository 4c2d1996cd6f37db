"""External tasks: Python handlers with rota's claims, retries and history."""

from __future__ import annotations

import http.server
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import errors, external
from support_deploy import rota
from support_external import column, define, prepare
from support_http import listening
from support_process import (
    OPEN,
    WorkerProcess,
    outcomes,
    start,
    state,
    wait_for_no_sessions,
    wait_for_state,
    worker_processes,
)

WorkerFactory = Callable[..., WorkerProcess]


@pytest.fixture
def app(database: Clone, tmp_path: Path) -> Clone:
    """A database with external tasks."""
    prepare(database, tmp_path)
    return database


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerFactory]:
    """Start workers that have the handlers, and work for external tasks alone by default."""
    with worker_processes() as begin:

        def begin_with_handlers(database: Clone, *arguments: str, **options: str) -> WorkerProcess:
            arguments = ("--handlers", "handlers", *(arguments or ("--external-only",)))
            return begin(database, *arguments, directory=tmp_path, **options)

        yield begin_with_handlers


class Gateway(http.server.BaseHTTPRequestHandler):
    """Answers 500 as often as it was told, then 200."""

    failures = 0
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(500 if self.asked <= self.failures else 200)
        self.end_headers()
        self.wfile.write(b"paid")


@pytest.fixture
def gateway() -> Iterator[tuple[type[Gateway], str]]:
    kind = type("Fresh", (Gateway,), {})
    with listening(kind) as address:
        yield kind, f"{address}/pay"


def test_a_gateway_that_fails_twice_is_asked_three_times(
    app: Clone, worker: WorkerFactory, gateway: tuple[type[Gateway], str]
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
    wait_for_no_sessions(app)


def test_attempts_used_up(app: Clone, worker: WorkerFactory) -> None:
    worker(app)
    run_id = start(app, "fetch", '{"url": "http://127.0.0.1:1/"}')
    wait_for_state(app, run_id, "failed")
    assert [outcome for outcome, _ in outcomes(app, run_id)] == ["failed"] * 3


def test_retry_on_looks_at_the_message(app: Clone, worker: WorkerFactory) -> None:
    define(app, "raises", ", retry_on => '{ECONNRESET}'")
    worker(app)
    again = start(app, "raises", '{"what": "chain"}')
    once = start(app, "raises", '{"what": "null"}')
    wait_for_state(app, again, "failed")
    wait_for_state(app, once, "failed")
    assert len(outcomes(app, again)) == 3
    assert len(outcomes(app, once)) == 1
    assert "caused by KeyError: 'key'" in column(app, again, "r.error ->> 'context'")
    assert column(app, once, "r.error ->> 'message'") == "ValueError: a null  and half a pair ?"


def test_fatal_ends_it_and_retry_names_the_delay(app: Clone, worker: WorkerFactory) -> None:
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
    app: Clone, worker: WorkerFactory, what: str, sqlstate: str, words: str
) -> None:
    process = worker(app)
    run_id = start(app, "raises", f'{{"what": "{what}"}}')
    wait_for_state(app, run_id, "failed")
    assert column(app, run_id, "r.error ->> 'sqlstate'") == sqlstate
    assert column(app, run_id, "r.error ->> 'message'") == words
    assert process.process.poll() is None


def test_answers_in_the_wrong_shape_fail(app: Clone, worker: WorkerFactory) -> None:
    define(app, "answers", ", max_attempts => 1")
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


def test_a_coroutine_is_run_to_its_end(app: Clone, worker: WorkerFactory) -> None:
    worker(app)
    run_id = start(app, "later")
    wait_for_state(app, run_id, "succeeded")
    assert column(app, run_id, "r.output") == {"loop": True}


# beside SQL tasks, and without a database


def test_one_process_does_sql_and_external_tasks(app: Clone, worker: WorkerFactory) -> None:
    app.run(
        "create function app.plain() returns void language sql as"
        " $$ insert into app.effect (what) values ('plain') $$"
    )
    app.run("select rota.define_task('plain', 'app.plain')")
    runs = [start(app, "plain"), start(app, "later")]
    process = worker(app, "--once")
    assert process.end() == 0
    assert [state(app, run_id) for run_id in runs] == ["succeeded", "succeeded"]
    wait_for_no_sessions(app)


def test_it_says_which_tasks_and_handlers_lack_each_other(
    app: Clone, worker: WorkerFactory
) -> None:
    app.run("select rota.drop_task('later')")
    define(app, "orphan")
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


def test_ctrl_c_is_a_request_to_leave(app: Clone, worker: WorkerFactory) -> None:
    process = worker(app)
    process.send(signal.SIGINT)
    assert process.end() == 0
    assert app.value(OPEN) == 0
