"""What an attempt does, leaves behind and costs: effects, failures, retries, clean-up."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from harness import Clone, wait_until
from support_worker import (
    all_ended,
    attempts_of,
    define,
    effects,
    ended,
    outcomes,
    prepare,
    rows,
    run_of,
    start,
    start_many,
    start_together,
    work_off,
    work_off_in,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def run(app: Clone, task: str, input: dict[str, Any] | None = None) -> dict[str, Any]:
    """Start a task, let a worker execute it, and return the run."""
    run_id = start(app, task, input)
    work_off(app)
    return run_of(app, run_id)


def test_effects_and_outcome_become_visible_at_once(app: Clone) -> None:
    define(app, "effect", "perform app.note('x'); return '{\"n\": 1}';")
    ids = start_many(app, "effect", 300)
    app.work()

    def seen() -> int:
        # One statement is one snapshot.
        effects, succeeded = app.run(
            "select (select count(*) from app.effect),"
            " (select count(*) from rota_core.finished_run where state = 'succeeded')"
        )[0]
        assert effects == succeeded
        return succeeded

    wait_until(lambda: seen() == len(ids), interval=0.001, what="all runs to end")
    assert run_of(app, ids[7])["output"] == {"n": 1}


def test_a_failed_attempt_leaves_no_effect_and_its_neighbours_do(app: Clone) -> None:
    define(
        app, "odd",
        "perform app.note('x'); if (input ->> 'n')::int % 2 = 1 then raise 'odd'; end if;"
        " return null;",
        max_attempts=1,
    )  # fmt: skip
    ids = start_many(app, "odd", 100)
    work_off(app)

    found = app.run("select run_id, state from rota_core.finished_run order by run_id")
    assert found == [(i, "failed" if n % 2 else "succeeded") for n, i in enumerate(ids, start=1)]
    kept = [row[0] for row in app.run("select run_id from app.effect order by run_id")]
    assert kept == [i for n, i in enumerate(ids, start=1) if n % 2 == 0]


def test_history_keeps_the_whole_error(app: Clone) -> None:
    define(
        app, "sick",
        "raise exception using errcode = 'XX123', message = 'no luck', detail = 'none at all',"
        " hint = 'try again';",
        max_attempts=1,
    )  # fmt: skip
    found = run(app, "sick")

    assert found["state"] == "failed"
    assert found["error"].pop("context").startswith("PL/pgSQL function app.sick(jsonb) line 1")
    assert found["error"] == {
        "sqlstate": "XX123", "message": "no luck", "detail": "none at all", "hint": "try again",
    }  # fmt: skip
    (attempt,) = attempts_of(app, found["run_id"])
    assert (attempt["outcome"], attempt["charged"]) == ("failed", True)
    assert attempt["error"]["sqlstate"] == "XX123"


@pytest.mark.parametrize(
    ("body", "sqlstate"),
    [
        ("assert false, 'impossible';", "P0004"),
        ("raise feature_not_supported;", "0A000"),
        ("commit;", "2D000"),
        ("rollback;", "2D000"),
        ("perform 1 / 0;", "22012"),
        ("perform nothing.here();", "3F000"),
        ("set transaction isolation level serializable;", "25001"),
        ("perform set_config('transaction_read_only', 'on', true);", "25006"),
    ],
)
def test_no_error_of_a_handler_ends_the_worker(app: Clone, body: str, sqlstate: str) -> None:
    define(app, "fine", "return null;")
    define(app, "sick", f"{body} return null;", max_attempts=1)
    before, sick, after = start(app, "fine"), start(app, "sick"), start(app, "fine")

    work_off(app)

    assert run_of(app, sick)["error"]["sqlstate"] == sqlstate
    assert [run_of(app, i)["state"] for i in (before, after)] == ["succeeded"] * 2


def test_a_retry_waits_longer_each_time(app: Clone) -> None:
    define(
        app, "sick", "raise 'no';",
        max_attempts=4, initial_delay="200 ms", backoff_factor=2, max_delay="500 ms",
    )  # fmt: skip
    run_id = start(app, "sick")
    app.work()

    assert ended(app, run_id)["state"] == "failed"
    found = attempts_of(app, run_id)
    assert [row["outcome"] for row in found] == ["failed"] * 4
    waits = [b["started_at"] - a["finished_at"] for a, b in pairwise(found)]
    for wait, least in zip(waits, (0.2, 0.4, 0.5), strict=True):
        assert wait >= timedelta(seconds=least)
    # Nothing takes the time of the queue twice: the capped wait is no multiple of the first.
    assert waits[2] < timedelta(seconds=10)


def test_jitter_spreads_the_retries(app: Clone) -> None:
    define(app, "sick", "raise 'no';", initial_delay="100 s", jitter="0.5", max_attempts=2)
    start_many(app, "sick", 60)
    work_off(app)

    waits = [
        row[0]
        for row in app.run(
            "select extract(epoch from r.run_at - a.finished_at) from rota_core.run as r"
            " join rota_core.attempt as a using (run_id)"
        )
    ]
    assert len(waits) == 60
    assert min(waits) >= 50
    assert max(waits) <= 150
    assert max(waits) - min(waits) > 50


@pytest.mark.parametrize(
    ("retry_on", "attempts"),
    [
        (["sqlstate:40001"], 2),
        (["class:40"], 2),
        (["/^could not .* access/"], 2),
        (["serialize"], 2),
        (["sqlstate:40P01", "class:23", "/^serialize/", "deadlock"], 1),
        ([], 2),
    ],
)
def test_only_errors_in_retry_on_are_retried(
    app: Clone, retry_on: list[str], attempts: int
) -> None:
    define(
        app, "sick",
        "raise exception using errcode = '40001', message = 'could not serialize access';",
        max_attempts=2, initial_delay="0 s", retry_on=retry_on,
    )  # fmt: skip
    found = run(app, "sick")
    assert found["state"] == "failed"
    assert len(attempts_of(app, found["run_id"])) == attempts


def test_a_run_that_failed_twice_may_still_succeed_once(app: Clone) -> None:
    app.run("create sequence app.tries; grant usage on sequence app.tries to rota_worker")
    define(
        app, "moody",
        "perform app.note('x'); if nextval('app.tries') < 3 then raise 'not yet'; end if;"
        " return null;",
        initial_delay="0 s",
    )  # fmt: skip
    found = run(app, "moody")

    assert (found["state"], found["attempt"], found["error"]) == ("succeeded", 3, None)
    assert effects(app, found["run_id"]) == ["x"]
    assert outcomes(app, found["run_id"]) == [
        ("failed", True), ("failed", True), ("succeeded", True),
    ]  # fmt: skip


DEFERRED = """
create table app.parent (id int primary key);
create table app.child (
  parent_id int constraint child_has_a_parent references app.parent deferrable initially {}
);
grant all on app.parent, app.child to rota_worker;
"""


@pytest.mark.parametrize("initially", ["deferred", "immediate"])
def test_a_deferred_constraint_fails_only_the_run_that_breaks_it(
    app: Clone, initially: str
) -> None:
    app.run(DEFERRED.format(initially))
    define(
        app, "orphan",
        "set constraints all deferred; insert into app.child values (404); return null;",
        max_attempts=1,
    )  # fmt: skip
    define(app, "fine", "perform app.note('x'); return null;")
    start_many(app, "fine", 20)
    work_off(app)
    before, sick, after = start(app, "fine"), start(app, "orphan"), start(app, "fine")

    work_off(app)

    failed = run_of(app, sick)
    assert (failed["state"], failed["error"]["sqlstate"]) == ("failed", "23503")
    assert "child_has_a_parent" in failed["error"]["message"]
    assert [run_of(app, i)["state"] for i in (before, after)] == ["succeeded"] * 2


def test_the_mode_of_constraints_does_not_leak_to_the_next_run(app: Clone) -> None:
    app.run(DEFERRED.format("deferred"))
    # The child first: works only while the constraint is deferred, as it is declared.
    define(
        app, "child-first",
        "insert into app.child values ((input ->> 'n')::int);"
        " insert into app.parent values ((input ->> 'n')::int); return null;",
        max_attempts=1,
    )  # fmt: skip
    start_many(app, "child-first", 100)
    work_off(app)
    assert app.run("select state, count(*) from rota_core.finished_run group by 1") == [
        ("succeeded", 100)
    ]


HOSTILE = {
    "search_path": "perform set_config('search_path', 'evil, pg_catalog', false);",
    "role": "perform set_config('role', 'rota_reader', false);",
    "local role": "set local role rota_reader;",
    "custom setting": "perform set_config('app.tenant', '7', false);",
    "local setting": "perform set_config('app.tenant', '7', true);",
    "application_name": "perform set_config('application_name', 'rota run 1 1', false);",
    "statement_timeout": "perform set_config('statement_timeout', '1', false);",
    "lock_timeout": "perform set_config('lock_timeout', '1', false);",
    "row_security": "perform set_config('row_security', 'off', false);",
    "temp table": "create temp table rubbish (n int);",
    "local temp table": "create temp table rubbish (n int) on commit drop;",
}
EVIL = """
create schema evil;
grant usage on schema evil to public;
create function evil.refuse(int, int) returns boolean language plpgsql as $$
begin raise 'an evil operator was called'; end $$;
create operator evil.= (function = evil.refuse, leftarg = int, rightarg = int);
create operator evil.<> (function = evil.refuse, leftarg = int, rightarg = int);
create operator evil.> (function = evil.refuse, leftarg = int, rightarg = int);
create operator evil.>= (function = evil.refuse, leftarg = int, rightarg = int);
create function evil.refuse(text, text) returns boolean language plpgsql as $$
begin raise 'an evil operator was called'; end $$;
create operator evil.= (function = evil.refuse, leftarg = text, rightarg = text);
create operator evil.<> (function = evil.refuse, leftarg = text, rightarg = text);
"""
SESSION = """
select jsonb_object_agg(s.name, s.setting) from (
  select name, setting from pg_settings
  where name in ('search_path', 'statement_timeout', 'lock_timeout', 'row_security', 'role')
  union all
  select 'app.tenant', coalesce(current_setting('app.tenant', true), '')
  union all
  select 'user', current_user
  union all
  select 'rubbish', coalesce(to_regclass('pg_temp.rubbish')::text, '')
) as s (name, setting)
"""


@pytest.mark.parametrize("then", ["return null;", "raise 'after that';"])
def test_nothing_that_a_handler_sets_reaches_the_next(app: Clone, then: str) -> None:
    app.run(EVIL)
    app.run("grant rota_reader to rota_worker")
    define(app, "look", f"return ({SESSION});")
    for name, statement in HOSTILE.items():
        define(app, name.replace(" ", "-"), statement + then, max_attempts=1)
    want = "succeeded" if then.startswith("return") else "failed"

    # One session. What a task costs is known after its first run: the others share a batch.
    app.work()
    clean = ended(app, start(app, "look"))["output"]
    for name in HOSTILE:
        task = name.replace(" ", "-")
        ended(app, start(app, task))
        hostile, again, look = start_together(app, (task, {}), (task, {}), ("look", {}))
        assert ended(app, look)["output"] == clean, name
        for run_id in (hostile, again):
            assert run_of(app, run_id)["state"] == want, (name, run_of(app, run_id)["error"])
    app.run("revoke rota_reader from rota_worker")


def test_session_locks_of_a_failed_attempt_are_released(app: Clone) -> None:
    define(app, "sick", "perform pg_advisory_lock(815); raise 'with a lock';", max_attempts=1)
    app.work()
    ended(app, start(app, "sick"))

    with app.connect() as other:
        assert other.execute("select pg_try_advisory_lock(815)").fetchone()[0]


def test_the_session_is_left_as_it_was(app: Clone) -> None:
    define(app, "quick", "return null;")
    with app.connect("rota_worker") as session:
        session.execute("set search_path = app, public")
        start_many(app, "quick", 3)
        work_off_in(session)

        assert session.execute("show search_path").fetchone()[0] == "app, public"
        locks = session.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
        )
        assert locks.fetchone()[0] == 0


def test_a_start_that_is_rolled_back_leaves_no_run(app: Clone) -> None:
    define(app, "quick", "return null;")
    app.work()
    with app.connect(autocommit=False) as session:
        session.execute("select rota.start('quick', key => 'k')")
        session.rollback()
    assert rows(app, "select * from rota.runs") == []

    ended(app, start(app, "quick", key="k"))
    all_ended(app)
    assert app.value("select count(*) from rota.runs") == 1


def test_a_handler_starts_others_only_if_it_succeeds(app: Clone) -> None:
    define(app, "quick", "return null;")
    define(
        app, "parent",
        "perform rota.start('quick'); if input ? 'fail' then raise 'no'; end if; return null;",
        max_attempts=1,
    )  # fmt: skip
    run(app, "parent")
    run(app, "parent", {"fail": True})
    assert app.value("select count(*) from rota.runs where task = 'quick'") == 1


def test_call_task_runs_in_the_callers_transaction(app: Clone) -> None:
    app.run("create table app.own (n int)")
    define(app, "own", "insert into app.own values (1); return input;")
    with app.connect(autocommit=False) as session:
        answer = session.execute("select rota.call_task('own', '{\"a\": 1}')").fetchone()[0]
        session.rollback()
    assert answer == {"a": 1}
    assert app.value("select count(*) from app.own") == 0
    assert rows(app, "select * from rota.runs") == []
