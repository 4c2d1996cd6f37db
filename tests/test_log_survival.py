"""Log lines outlive the attempt that wrote them, and secrets do not."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Clone
from support_worker import (
    define,
    ended,
    held,
    prepare,
    rows,
    run,
    start,
    start_together,
    wait_at,
    work_off,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def lines_of(app: Clone, run_id: int) -> list[dict[str, Any]]:
    return rows(app, "select * from rota.logs where run_id = %s order by log_id", run_id)


def messages(app: Clone, run_id: int) -> list[str]:
    return [line["message"] for line in lines_of(app, run_id)]


def test_lines_of_a_failed_attempt_survive(app: Clone) -> None:
    define(
        app, "talks",
        "perform rota.log('info', 'first', '{\"n\": 1}');"
        " begin perform rota.log('warn', 'inside', '{\"component\": \"mine\"}');"
        " raise 'rolled back'; exception when raise_exception then null; end;"
        " perform rota.log('error', 'last'); raise 'failed';",
        max_attempts=2, initial_delay="0 s",
    )  # fmt: skip
    found = run(app, "talks")
    assert found["state"] == "failed"
    lines = lines_of(app, found["run_id"])
    assert [(x["attempt"], x["level"], x["message"], x["component"]) for x in lines] == [
        (attempt, *line)
        for attempt in (1, 2)
        for line in (
            ("info", "first", "talks"), ("warn", "inside", "mine"), ("error", "last", "talks"),
        )
    ]  # fmt: skip
    assert lines[0]["context"] == {"n": 1}
    assert {x["task"] for x in lines} == {"talks"}


@pytest.mark.parametrize("then", ["return null;", "raise 'no';"])
def test_lines_of_runs_in_one_batch_do_not_mix(app: Clone, then: str) -> None:
    define(app, "talks", f"perform rota.log('info', input ->> 'is'); {then}", max_attempts=1)
    ids = start_together(app, *[("talks", {"is": f"line {n}"}) for n in range(60)])
    work_off(app)
    assert [messages(app, i) for i in ids] == [[f"line {n}"] for n in range(60)]


def test_a_line_may_hold_any_text(app: Clone) -> None:
    text = 'it\'s \\ a "line"; -- $1 %s %I $$ \n\t ünï ☃ 🐘'
    define(app, "talks", "perform rota.log('info', input ->> 'text', input); raise 'no';")
    define(app, "talks", "perform rota.log('info', input ->> 'text', input); raise 'no';",
           max_attempts=1)  # fmt: skip
    (line,) = lines_of(app, run(app, "talks", {"text": text})["run_id"])
    assert (line["message"], line["context"]) == (text, {"text": text})


def test_the_thousand_and_first_line_is_counted_not_kept(app: Clone) -> None:
    define(
        app, "talks", "for i in 1..1234 loop perform rota.log('info', i::text); end loop;"
        " raise 'no';", max_attempts=1,
    )  # fmt: skip
    found = messages(app, run(app, "talks")["run_id"])
    assert found[:-1] == [str(n) for n in range(1, 1001)]
    assert found[-1] == "234 log lines of this attempt were lost"


def test_lines_beyond_a_megabyte_are_counted_not_kept(app: Clone) -> None:
    define(
        app, "talks", "for i in 1..30 loop perform rota.log('info', repeat('x', 60000)); end loop;"
        " return null;",
    )  # fmt: skip
    found = lines_of(app, run(app, "talks")["run_id"])
    assert len(found) == 18
    assert sum(len(x["message"]) for x in found) <= 1024 * 1024
    assert found[-1]["message"] == "13 log lines of this attempt were lost"
    assert found[-1]["context"] == {"written": 30, "kept": 17}


def test_lines_that_the_handler_throws_away_are_counted(app: Clone) -> None:
    define(
        app, "talks", "perform rota.log('info', 'gone'), rota.log('info', 'gone too');"
        " deallocate all; perform rota.log('info', 'stays'); return null;",
    )  # fmt: skip
    found = messages(app, run(app, "talks")["run_id"])
    assert found == ["stays", "2 log lines of this attempt were lost"]


def test_each_chunk_leaves_its_lines(app: Clone) -> None:
    define(
        app, "chunks",
        "perform rota.log('info', 'chunk ' || coalesce(state ->> 'n', '0'));"
        " if state ->> 'n' = '2' then raise 'no'; end if; return jsonb_build_object('state',"
        " jsonb_build_object('n', coalesce((state ->> 'n')::int, 0) + 1));",
        kind="chunked", max_attempts=1,
    )  # fmt: skip
    assert messages(app, run(app, "chunks")["run_id"]) == ["chunk 0", "chunk 1", "chunk 2"]


def test_a_cancelled_attempt_leaves_its_lines(app: Clone) -> None:
    define(app, "talks", "perform rota.log('info', 'here'); perform app.pass(1); return null;")
    run_id = start(app, "talks")
    app.supervise()
    with held(app):
        app.work()
        wait_at(app)
        app.run("select rota.cancel(%s)", run_id)
        assert ended(app, run_id)["state"] == "cancelled"
    assert messages(app, run_id) == ["here"]


def test_a_handler_cannot_make_the_worker_stumble_over_its_lines(app: Clone) -> None:
    for number, statement in enumerate(
        (
            "perform set_config('rota.attempt', '', true)",
            "perform set_config('rota.attempt', 'a b c', true)",
            "perform set_config('rota.log_bytes', 'x', true)",
            "execute format('prepare rota_log_%s_1 as select 1', pg_backend_pid())",
            "execute format('prepare rota_log_%s_9 as select ''x''', pg_backend_pid())",
            "execute format('prepare rota_log_%s_7(int) as select $1', pg_backend_pid())",
            "execute format('prepare rota_log_%s_7 as select ''00''', pg_backend_pid())",
        )
    ):
        task = f"odd-{number}"
        define(
            app, task, f"{statement}; begin perform rota.log('info', 'x');"
            " exception when others then null; end; return null;", max_attempts=1,
        )  # fmt: skip
        assert run(app, task)["state"] == "succeeded", statement
    define(app, "fine", "perform rota.log('info', 'fine'); return null;")
    assert messages(app, run(app, "fine")["run_id"]) == ["fine"]


def test_outside_a_worker_a_line_belongs_to_the_transaction(app: Clone) -> None:
    app.run("select rota.log('warn', 'kept', '{\"component\": \"shell\"}')")
    with app.connect(autocommit=False) as session:
        session.execute("select rota.log('warn', 'undone')")
        session.rollback()
        session.execute("set transaction read only")
        notices: list[str] = []
        session.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        session.execute("select rota.log('info', 'cannot be stored')")
        session.rollback()
    assert rows(app, "select level, message, component, run_id from rota.logs") == [
        {"level": "warn", "message": "kept", "component": "shell", "run_id": None}
    ]
    assert "cannot be stored" in notices[0]


REDACT = {"redact": ["input.password", "output.token", "error.message", "log.key"]}
SECRET = "xyzzy"


def mentions(app: Clone, source: str) -> int:
    return app.value(f"select count(*) from {source} as x where x::text like '%%{SECRET}%%'")


def test_secrets_do_not_stay_in_history(app: Clone) -> None:
    define(
        app, "secret",
        "perform rota.log('info', 'here', jsonb_build_object('key', input -> 'password'));"
        " if input ? 'fail' then raise 'no %', input ->> 'password'; end if;"
        " return jsonb_build_object('token', input -> 'password', 'n', 1);",
        max_attempts=1, doc=REDACT,
    )  # fmt: skip
    fine = run(app, "secret", {"password": SECRET, "n": 1})
    assert (fine["input"], fine["output"]) == (
        {"password": "[redacted]", "n": 1}, {"token": "[redacted]", "n": 1},
    )  # fmt: skip
    for source in ("rota_core.finished_run", "rota_core.log", "rota_core.attempt"):
        assert mentions(app, source) == 0

    failed = run(app, "secret", {"password": SECRET, "fail": True})
    assert failed["error"]["message"] == "[redacted]"
    for source in ("rota.runs", "rota.attempts", "rota.logs"):
        assert mentions(app, source) == 0


@pytest.mark.parametrize("kind", ["call", "chunked"])
def test_a_retry_still_has_its_input(app: Clone, kind: str) -> None:
    body = "perform app.note(input ->> 'password'); perform app.pass(1); return '{\"done\": true}';"
    define(app, "secret", body, kind=kind, doc=REDACT)
    run_id = start(app, "secret", {"password": SECRET})
    app.supervise()
    with held(app):
        app.work()
        wait_at(app)
        app.run("select rota.cancel(%s)", run_id)
        assert ended(app, run_id)["state"] == "cancelled"
    assert mentions(app, "rota.runs") == 0

    app.run("select rota.retry(%s)", run_id)
    assert ended(app, run_id)["state"] == "succeeded"
    assert app.run("select what from app.effect") == [(SECRET,)]
