"""Taking rota's roles out of a server, and what they are to this database."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from pgrota import outsiders
from pgrota.errors import Problem
from pgrota.preflight import Facts, quoted


def remove(
    connection: psycopg.Connection, facts: Facts, roles: list[str]
) -> Iterator[tuple[str, str | None]]:
    """Drop those that are needed nowhere else. Yields each with the reason why it stays, if so."""
    if not roles:
        return
    _undo_settings(connection, facts, roles)
    _refuse_owners(connection, facts, roles)
    for role in roles:
        if _become_member(connection, facts, role):
            connection.execute(f"drop owned by {role}")
    for role in roles:
        jobs = _jobs_of(connection, role)
        if jobs:
            yield role, f"it still owns {jobs} jobs in cron.job"
        else:
            yield role, _attempt(connection, f"drop role {role}")


def _undo_settings(connection: psycopg.Connection, facts: Facts, roles: list[str]) -> None:
    """Default privileges, and settings of the roles in this database."""
    if "rota_owner" in roles:
        connection.execute("set local role rota_owner")
        connection.execute(
            "alter default privileges for role rota_owner grant execute on functions to public"
        )
    if "rota_worker" in roles:
        connection.execute("set local role rota_worker")
        database = quoted(facts.database)
        connection.execute(f"alter role rota_worker in database {database} reset all")
    connection.execute("set local role none")


def _refuse_owners(connection: psycopg.Connection, facts: Facts, roles: list[str]) -> None:
    owned = outsiders.owned(connection, roles)
    if owned:
        raise Problem(
            "roles of rota own objects of yours",
            "\n".join(f"{description} belongs to {role}" for description, role in owned),
            "give them to another role: reassign owned by "
            f"{', '.join(sorted({role for _, role in owned}))} to {quoted(facts.role)};",
        )


def _become_member(connection: psycopg.Connection, facts: Facts, role: str) -> bool:
    if _allowed(connection, "select pg_has_role(current_user, %s, 'USAGE')", role):
        return True
    return _attempt(connection, f"grant {role} to {quoted(facts.role)}") is None


def _allowed(connection: psycopg.Connection, query: str, role: str) -> bool:
    return connection.execute(query, [role]).fetchone()[0]


def _jobs_of(connection: psycopg.Connection, role: str) -> int:
    """pg_cron's scheduler crashes over jobs of a role that is gone."""
    there = connection.execute("select to_regclass('cron.job') is not null").fetchone()[0]
    if not there or not _allowed(connection, "select pg_has_role(current_user, %s, 'USAGE')", role):
        return 0
    with connection.transaction(force_rollback=True):
        if not _allowed(connection, "select has_schema_privilege(%s, 'cron', 'USAGE')", role):
            return 0
        connection.execute(f"set local role {role}")
        return connection.execute(
            "select count(*) from cron.job as j where j.username = current_user"
        ).fetchone()[0]


def _attempt(connection: psycopg.Connection, statement: str) -> str | None:
    """Execute what may be refused. Returns why it was."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.DependentObjectsStillExist as error:
        places = error.diag.message_detail or ""
        return "used elsewhere: " + "; ".join(places.splitlines()[:5])
    except psycopg.errors.InsufficientPrivilege as error:
        return f"{error.diag.message_primary}; as a superuser: {statement};"
    return None
