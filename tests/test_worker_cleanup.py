"""What an attempt leaves behind: nothing that reaches the next."""

from __future__ import annotations

import pytest

from harness import Clone
from support_worker import (
    define,
    ended,
    prepare,
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
