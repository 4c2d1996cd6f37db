"""What is refused: each with an SQLSTATE, a message that names the thing and a hint to type, and
nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bad_calls import DEFINE, REFUSALS, SCHEDULE
from harness import Clone, Harness, harness_of, wait_until
from support_deploy import state_of

GIVEN = """
create schema app;
grant usage on schema app to rota_worker;
create table app.seen (what text);
grant insert on app.seen to rota_worker;
create function app.note(input jsonb) returns void language sql as
  $$ insert into app.seen (what) values (input ->> 'what') $$;
create function app.step(input jsonb, state jsonb) returns jsonb language sql as
  $$ select '{"done": true}'::jsonb $$;
create function app.count() returns int language sql as $$ select 1 $$;
create procedure app.proc() language sql as $$ select $$;
select rota.define_task('note', 'app.note');
select rota.define_task('waiting', 'app.note');
select rota.define_schedule('nightly', '0 3 * * *', task => 'note');
select rota.start('waiting', run_at => '2099-01-01');
"""
LONG = "x" * 200
HOSTILE = "x'; drop table rota_core.run; --"
NAMES = {
    "quotes": "it''s",
    "double quotes": 'a"b',
    "semicolons": "a;b",
    "a statement": HOSTILE.replace("'", "''"),
    "200 characters": LONG,
    "nothing": "",
    "a space": "send report",
    "a line end": "report\n",
}


@pytest.fixture(scope="module")
def bad(request: pytest.FixtureRequest) -> Iterator[Clone]:
    harness: Harness = harness_of(request.config)
    clone = harness.clone()
    clone.run(GIVEN)
    yield clone
    clone.close()


def refused(database: Clone, role: str, statement: str) -> psycopg.Error:
    """The error that a statement ends with; fails when it is done, or half done."""
    before = state_of(database)
    with database.connect() as connection:
        connection.execute(f"set role {role}")
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(statement)
    assert state_of(database) == before
    return caught.value


def names() -> list[Any]:
    calls = {
        "task": "select rota.define_task('{}', 'app.note')",
        "lane of a task": "select rota.define_task('fine', 'app.note', lane => '{}')",
        "lane": "select rota.define_lane('{}')",
        "schedule": "select rota.define_schedule('{}', '0 3 * * *', task => 'note')",
    }
    return [
        pytest.param(call.format(name), id=f"{kind} named with {what}")
        for kind, call in calls.items()
        for what, name in NAMES.items()
    ]


@pytest.mark.parametrize("statement", names())
def test_a_name_that_is_none(bad: Clone, statement: str) -> None:
    error = refused(bad, "rota_admin", statement)
    assert error.sqlstate == "22023"
    assert "name" in error.diag.message_primary
    assert len(error.diag.message_primary) < 200
    assert error.diag.message_hint.startswith("Use 1 to 63 letters, digits")


@pytest.mark.parametrize(
    ("role", "statement", "sqlstate", "message", "hint"),
    REFUSALS,
    ids=[statement[:70] for _, statement, *_ in REFUSALS],
)
def test_a_call_that_is_refused(
    bad: Clone, role: str, statement: str, sqlstate: str, message: str | None, hint: str | None
) -> None:
    error = refused(bad, role, statement)
    assert (error.sqlstate, error.diag.message_primary, error.diag.message_hint) == (
        sqlstate, message, hint,
    )  # fmt: skip


@pytest.mark.parametrize(
    "cron",
    ["", "every night", "60 * * * *", "0 24 * * *", "0 0 31 2 *", "* * * *", "* * * * * *",
     "*/0 * * * *", "0 0 * * noday", "5-1 * * * *", "@sometimes", "@every soon",
     "0 3 * * *; drop table app.seen"],
)  # fmt: skip
def test_a_cron_expression_that_is_none(bad: Clone, cron: str) -> None:
    error = refused(bad, "rota_admin", SCHEDULE.format(cron))
    assert error.sqlstate == "22023"
    assert error.diag.message_hint


@pytest.mark.parametrize("length", ["soon", "1 blue moon", "5 min; drop table app.seen", ""])
def test_an_interval_that_is_none(bad: Clone, length: str) -> None:
    error = refused(bad, "rota_admin", DEFINE.format(f"timeout => '{length}'"))
    assert error.sqlstate == "22007"
    assert error.diag.message_primary == f'invalid input syntax for type interval: "{length}"'


def test_a_worker_inside_a_transaction(bad: Clone) -> None:
    error = refused(bad, "rota_worker", "begin; call rota.work(budget => '1 ms')")
    assert error.sqlstate == "2D000"


def test_a_hostile_value_is_a_value(database: Clone) -> None:
    """Input, keys, tags, reasons and log lines may hold anything."""
    database.run(GIVEN)
    with database.connect() as connection:
        connection.execute("set role rota_admin")
        for text in (HOSTILE, LONG, '"; drop', "$1 %s :x \\", "\u202e\u0301 emoji 🙂"):
            run_id, is_new, _ = connection.execute(
                "select * from rota.start('note', jsonb_build_object('what', %s::text),"
                " key => %s, tags => array[%s])",
                [text, text, text],
            ).fetchone()
            assert is_new
            connection.execute("select rota.log('info', %s)", [text])
            connection.execute("select rota.pause('task', 'note', reason => %s)", [text])
            assert connection.execute(
                "select input ->> 'what', key, tags[1] from rota.runs where run_id = %s", [run_id]
            ).fetchone() == (text, text, text)
        connection.execute("select rota.resume('task', 'note')")
    database.work()
    wait_until(lambda: database.value("select count(*) from app.seen") == 5, what="five runs")
    assert {HOSTILE, LONG} < {what for (what,) in database.run("select what from app.seen")}


def test_a_paused_task_is_queued_and_runs_on_resume(database: Clone) -> None:
    database.run(GIVEN)
    database.run("select rota.pause('task', 'note')")
    run_id = database.value("select run_id from rota.start('note', '{\"what\": \"it\"}')")
    database.work()
    other = database.value("select run_id from rota.start('waiting', '{\"what\": \"other\"}')")
    wait_until(
        lambda: (
            database.value("select state from rota.runs where run_id = %s", other) == "succeeded"
        ),
        what="the task that is not paused",
    )
    assert database.value("select state from rota.runs where run_id = %s", run_id) == "queued"
    database.run("select rota.resume('task', 'note')")
    wait_until(
        lambda: (
            database.value("select state from rota.runs where run_id = %s", run_id) == "succeeded"
        ),
        what="the task that was paused",
    )
    assert database.run("select what from app.seen") == [("other",), ("it",)]


def test_a_task_with_queued_runs_is_dropped_when_told(database: Clone) -> None:
    database.run(GIVEN)
    database.run("select rota.drop_task('waiting', queued_runs => 'cancel')")
    assert database.run("select state from rota.runs where task = 'waiting'") == [("cancelled",)]
    assert database.value("select count(*) from rota.tasks where name = 'waiting'") == 0
