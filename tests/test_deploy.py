"""Deploying: who may, twice, into several databases, and what stays untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import Clone
from pgrota.deploy import deploy
from pgrota.errors import Problem
from pgrota.server import Server
from support_deploy import bare, cluster, dump, new_database, rota, versions

pytestmark = pytest.mark.usefixtures("own_engine")


@pytest.fixture(scope="module")
def fresh_server(harness) -> Iterator[Server]:
    """A server on which the tests below deploy for the first time, in this order or any other."""
    server = bare(harness.make_server)
    with server.connect() as connection:
        connection.execute("create role plain login createrole")
        connection.execute("create role second login createrole")
    yield server
    harness.discard(server)


@pytest.fixture
def target(fresh_server: Server, request: pytest.FixtureRequest) -> Iterator[Clone]:
    """An empty database in which the role `plain` may create schemas."""
    database = new_database(fresh_server, f"t_{abs(hash(request.node.name))}")
    database.run(f'grant create on database "{database.name}" to plain, second')
    admit(fresh_server)
    yield database
    database.close()


def admit(server: Server) -> None:
    """From 16 on, CREATEROLE alone does not let one act as roles that somebody else has made."""
    with server.connect() as connection:
        made = connection.execute("select from pg_roles where rolname = 'rota_owner'").rowcount
        if made and connection.info.server_version >= 160000:
            connection.execute(
                "grant rota_owner, rota_worker to plain, second with inherit true, set true"
            )


@pytest.mark.parametrize("user", ["postgres", "plain"])
def test_twice_changes_nothing(target: Clone, user: str) -> None:
    first = deploy(target.url(user))
    assert first.changed
    assert {c.kind for c in first.changes} >= {"schema", "migration", "function", "view"}
    before, stood = dump(target), versions(target)

    second = deploy(target.url(user))

    assert not second.changed
    assert dump(target) == before
    assert versions(target) == stood
    assert target.value("select count(*) from rota_core.deploy") == 1


def test_superuser_and_plain_role_make_the_same(fresh_server: Server) -> None:
    made = []
    for user in ("postgres", "plain"):
        database = new_database(fresh_server, f"same_{user}")
        database.run(f"grant create on database same_{user} to plain")
        admit(fresh_server)
        deploy(database.url(user))
        made.append(dump(database).replace(f"same_{user}", "same"))
        database.close()
    assert made[0] == made[1]


def test_another_role_deploys_into_another_database(fresh_server: Server) -> None:
    databases = [new_database(fresh_server, name) for name in ("one", "two")]
    for database in databases:
        database.run(f"grant create on database {database.name} to plain, second")
    admit(fresh_server)
    deploy(databases[0].url("plain"))
    admit(fresh_server)
    before = dump(databases[0])
    deploy(databases[1].url("second"))
    assert dump(databases[0]) == before
    assert not deploy(databases[0].url("second")).changed
    for database in databases:
        database.close()


def test_everything_belongs_to_rota(target: Clone) -> None:
    deploy(target.url("plain"))
    owners = target.run(
        "select pg_get_userbyid(c.relowner) from pg_class as c"
        " where c.relnamespace::regnamespace::text in ('rota', 'rota_core')"
        " union select pg_get_userbyid(p.proowner) from pg_proc as p"
        " where p.pronamespace::regnamespace::text in ('rota', 'rota_core')"
    )
    assert {owner for (owner,) in owners} == {"rota_owner", "rota_worker", "rota_capture"}
    assert not target.value(
        "select bool_or(has_schema_privilege(r, n, 'CREATE'))"
        " from unnest(array['rota', 'rota_core']) as n,"
        " unnest(array['rota_worker', 'rota_capture']) as r"
    )


def test_functions_made_later_are_not_open_to_public(target: Clone) -> None:
    deploy(target.url("plain"))
    with target.connect("postgres", autocommit=False) as connection:
        connection.execute("set local role rota_owner")
        connection.execute("create function rota.later() returns int language sql return 1")
        open_to_all = connection.execute(
            "select has_function_privilege('public', 'rota.later()', 'EXECUTE')"
        ).fetchone()[0]
        connection.rollback()
    assert not open_to_all


def test_workers_have_no_timeout_in_this_database(target: Clone) -> None:
    deploy(target.url("plain"))
    target.run("alter role rota_worker set statement_timeout = '2min'")
    assert target.run("show statement_timeout", user="rota_worker") == [("0",)]
    assert target.run("show search_path", user="rota_worker") == [("pg_catalog, pg_temp",)]
    target.run("alter role rota_worker reset statement_timeout")


def test_plan_lists_and_leaves_everything_as_it_was(target: Clone) -> None:
    before, roles = dump(target), cluster(target.server)
    planned = deploy(target.url("plain"), dry_run=True)
    assert dump(target) == before
    assert cluster(target.server) == roles
    done = deploy(target.url("plain"))
    assert planned.changes == done.changes


def test_plan_ends_with_code_3_while_something_is_pending(target: Clone) -> None:
    assert rota("plan", url=target.url("plain")).returncode == 0
    assert rota("plan", "--exit-code", url=target.url("plain")).returncode == 3
    assert rota("deploy", url=target.url("plain")).returncode == 0
    assert rota("plan", "--exit-code", url=target.url("plain")).returncode == 0


class TestRefusals:
    """Each names what is missing and what to type, and leaves nothing behind."""

    @pytest.fixture(autouse=True)
    def nothing_is_left(self, target: Clone) -> Iterator[None]:
        before = dump(target)
        yield
        assert dump(target) == before

    def test_no_right_to_create_schemas(self, target: Clone) -> None:
        target.run(f'revoke create on database "{target.name}" from plain')
        with pytest.raises(Problem, match="may not create schemas") as refused:
            deploy(target.url("plain"))
        assert f'grant create on database "{target.name}" to "plain";' in refused.value.hint
        target.run(refused.value.hint.split(": ", 1)[1])
        assert deploy(target.url("plain"), dry_run=True).changed

    def test_a_read_only_database(self, target: Clone) -> None:
        target.run(f'alter database "{target.name}" set default_transaction_read_only = on')
        with pytest.raises(Problem, match="is read-only") as refused:
            deploy(target.url("plain"))
        with target.connect() as connection:
            for statement in refused.value.hint.split("; "):
                connection.execute(statement)
        assert target.value("show default_transaction_read_only") == "off"

    def test_a_schema_of_somebody_else(self, target: Clone) -> None:
        target.run("create schema rota")
        with pytest.raises(Problem, match="schema rota belongs to postgres") as refused:
            deploy(target.url("plain"))
        assert refused.value.hint == "alter schema rota rename to rota_old;"
        target.run("drop schema rota")


def test_roles_that_are_missing_or_not_ours(make_server: Callable[..., Server]) -> None:
    server = bare(make_server)
    database = new_database(server, "app")
    database.run("create role weak login")
    database.run("grant create on database app to weak")

    with pytest.raises(Problem, match="role weak may not create roles") as refused:
        deploy(database.url("weak"))
    assert refused.value.hint == 'as a superuser: alter role "weak" createrole;'

    elsewhere = new_database(server, "elsewhere")
    deploy(elsewhere.url())
    with pytest.raises(Problem, match="may not act as rota_owner") as refused:
        deploy(database.url("weak"))
    assert database.value("select to_regnamespace('rota')") is None
    database.run(refused.value.hint.split(": ", 1)[1])

    # What an administrator has prepared is enough: no CREATEROLE needed.
    assert deploy(database.url("weak")).changed
    assert not deploy(database.url("weak")).changed
    assert database.run("show statement_timeout", user="rota_worker") == [("0",)]
