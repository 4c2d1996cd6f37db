"""run_as: a handler has the rights of that role, and no way out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from harness import Clone
from pgrota.server import Server
from support_worker import define, prepare, rows, run, run_of, start, start_together, work_off

ROLES = ("test_clerk", "test_boss")


@pytest.fixture
def roles(server: Server) -> Iterator[None]:
    """Roles are of the whole server. A login that is an administrator of rota, and a clerk."""
    with server.connect() as connection:
        for role in ROLES:
            connection.execute(f"create role {role} login")
        connection.execute("grant rota_admin to test_boss")
        yield
        for role in ROLES:
            connection.execute(f"drop role {role}")


@pytest.fixture
def app(roles: None, database: Clone) -> Clone:
    app = prepare(database)
    app.run(
        "create table app.clerks (n int); grant select, insert on app.clerks to test_clerk;"
        "create table app.workers (n int); grant select, insert on app.workers to rota_worker;"
        "grant select, insert on app.effect to test_clerk"
    )
    return app


@contextmanager
def as_boss(app: Clone) -> Iterator[psycopg.Connection[Any]]:
    with app.connect("test_boss") as connection:
        yield connection


def test_the_handler_has_that_roles_rights_and_only_those(app: Clone) -> None:
    define(
        app, "who",
        "insert into app.clerks values (1); perform app.note('x');"
        " return jsonb_build_object('user', current_user, 'session', session_user);",
        run_as="test_clerk", max_attempts=1,
    )  # fmt: skip
    found = run(app, "who")
    assert found["output"] == {"user": "test_clerk", "session": "rota_worker"}, found["error"]

    for statement in (
        "insert into app.workers values (1)",
        "perform rota_core.record_outcomes(1, '{}', false, '{}')",
        "perform rota_core.claim(null, 1)",
        "perform from rota_core.run",
        "perform rota.start('who')",
    ):
        define(app, "reach", f"{statement}; return null;", run_as="test_clerk", max_attempts=1)
        assert run(app, "reach")["error"]["sqlstate"] == "42501", statement


@pytest.mark.parametrize(
    "statement",
    [
        "perform set_config('role', 'none', true)",
        "perform set_config('role', 'none', false)",
        "perform set_config('role', 'rota_worker', true)",
        "set local role none",
        "reset role",
        "set session authorization default",
        "perform set_config('session_authorization', 'rota_worker', true)",
    ],
)
def test_there_is_no_way_out_of_the_role(app: Clone, statement: str) -> None:
    define(
        app, "escape",
        f"{statement}; insert into app.workers values (1); return null;",
        run_as="test_clerk", max_attempts=1,
    )  # fmt: skip
    define(app, "who", "return to_jsonb(current_user);")
    escape = start(app, "escape")
    who = start(app, "who")
    work_off(app)

    assert run_of(app, escape)["error"]["sqlstate"] == "42501"
    assert app.value("select count(*) from app.workers") == 0
    assert run_of(app, who)["output"] == "rota_worker"


def test_the_next_run_is_the_workers_own_again(app: Clone) -> None:
    define(app, "clerk", "return to_jsonb(current_user);", run_as="test_clerk")
    define(app, "own", "return to_jsonb(current_user);")
    app.work()
    ids = start_together(app, *[("clerk", {}), ("own", {})] * 20)
    work_off(app)
    assert [run_of(app, i)["output"] for i in ids] == ["test_clerk", "rota_worker"] * 20


def test_what_one_role_leaves_in_the_session_is_not_found_by_the_next(app: Clone) -> None:
    app.run(
        "create table app.ledger (n int); insert into app.ledger values (1);"
        "grant select on app.ledger to rota_worker"
    )
    define(
        app, "trap", "create temp table ledger as select 666 as n;"
        " grant select on ledger to public; return null;", run_as="test_clerk",
    )  # fmt: skip
    define(app, "victim", "return to_jsonb((select n from ledger));")
    app.run('alter function app."victim"(jsonb) set search_path = app')
    app.run("grant temporary on database " + app.name + " to test_clerk")
    ids = start_together(app, *[("trap", {}), ("victim", {})] * 3)
    work_off(app)
    assert [run_of(app, i)["state"] for i in ids] == ["succeeded"] * 6
    assert [run_of(app, i)["output"] for i in ids[1::2]] == [1] * 3


def test_chunks_and_functions_without_an_answer_run_as_the_role_too(app: Clone) -> None:
    define(
        app, "chunks",
        "perform app.note(current_user); return jsonb_build_object('state', '{}', 'done',"
        " (select count(*) > 2 from app.effect));",
        kind="chunked", run_as="test_clerk",
    )  # fmt: skip
    app.run(
        "create function app.silent() returns void language sql as"
        " $$ insert into app.effect (what) values (current_user) $$;"
        "select rota.define_task('silent', 'app.silent', run_as => 'test_clerk')"
    )
    assert run(app, "chunks")["state"] == "succeeded"
    assert run(app, "silent")["state"] == "succeeded"
    assert app.run("select what, count(*) from app.effect group by 1") == [("test_clerk", 4)]


def test_a_handler_of_a_role_may_log(app: Clone) -> None:
    define(
        app, "talks", "perform rota.log('warn', 'as ' || current_user); raise 'no';",
        run_as="test_clerk", max_attempts=1,
    )  # fmt: skip
    found = run(app, "talks")
    assert rows(app, "select level, message from rota.logs where run_id = %s", found["run_id"]) == [
        {"level": "warn", "message": "as test_clerk"}
    ]


def test_who_is_no_member_cannot_name_the_role(app: Clone) -> None:
    define(app, "who", "return null;")
    app.run("select rota.allow_run_as('test_clerk')")
    definition = "select rota.define_task('who', 'app.who', run_as => 'test_clerk')"
    with as_boss(app) as boss:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as refusal:
            boss.execute(definition)
        assert refusal.value.diag.message_hint == "grant test_clerk to test_boss;"

        app.run("grant test_clerk to test_boss")
        assert boss.execute(definition).fetchone()[0] == "who"


def test_a_member_needs_a_deployer_to_allow_the_role_first(app: Clone) -> None:
    define(app, "who", "return null;")
    app.run("grant test_clerk to test_boss")
    definition = "select rota.define_task('who', 'app.who', run_as => 'test_clerk')"
    with as_boss(app) as boss:
        with pytest.raises(psycopg.Error) as refusal:
            boss.execute(definition)
        assert refusal.value.sqlstate == "RT006"
        assert "rota.allow_run_as" in refusal.value.diag.message_hint

        app.run("select rota.allow_run_as('test_clerk')")
        assert boss.execute(definition).fetchone()[0] == "who"


def test_nothing_runs_as_the_owner(app: Clone) -> None:
    define(app, "who", "return null;")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="no task can run as rota_owner"):
        app.run("select rota.define_task('who', 'app.who', run_as => 'rota_owner')")


def test_only_workers_may_use_the_way_in(app: Clone) -> None:
    app.run("select rota.allow_run_as('test_clerk')")
    allowed = app.run(
        "select r.rolname from pg_roles as r, pg_proc as p"
        " where p.proname like 'call_as_%%' and p.pronamespace = 'rota_core'::regnamespace"
        " and not r.rolsuper and r.rolname !~ '^pg_'"
        " and has_function_privilege(r.oid, p.oid, 'execute') order by 1"
    )
    assert [row[0] for row in allowed] == ["rota_worker", "test_clerk"]
    # The role itself could do all of it anyway, if it came in, which it cannot.
    assert not app.value("select has_schema_privilege('test_clerk', 'rota_core', 'usage, create')")
