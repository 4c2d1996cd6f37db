"""Whether this server, database and role can take a deploy; if not, the statement that helps."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from pgrota.errors import Problem

OLDEST = 15
ROLES = (
    "rota_owner", "rota_admin", "rota_app", "rota_worker", "rota_monitor", "rota_capture",
    "rota_reader",
)  # fmt: skip
ACTED_AS = ("rota_owner", "rota_worker", "rota_capture")

_FACTS = """
select
  current_setting('server_version_num')::int as version_num,
  current_setting('server_version') as version,
  pg_is_in_recovery() as in_recovery,
  current_setting('transaction_read_only')::boolean as read_only,
  current_database()::text as database,
  current_user::text as role,
  session_user::text as session_role,
  current_setting('role') as role_setting,
  r.rolsuper as is_superuser,
  r.rolcreaterole as may_create_roles,
  has_database_privilege(current_user, current_database(), 'CREATE') as may_create_schemas,
  array(select o.rolname::text from pg_catalog.pg_roles as o where o.rolname = any (%s)) as roles,
  (select pg_get_userbyid(n.nspowner)::text from pg_catalog.pg_namespace as n
   where n.nspname = 'rota') as owner_of_rota,
  (select pg_get_userbyid(n.nspowner)::text from pg_catalog.pg_namespace as n
   where n.nspname = 'rota_core') as owner_of_rota_core,
  (select e.extversion from pg_catalog.pg_extension as e where e.extname = 'pg_cron') as pg_cron
from pg_catalog.pg_roles as r
where r.rolname = current_user
"""


@dataclass(frozen=True)
class Facts:
    """What was found out about the server, the database and the role that deploys."""

    version_num: int
    version: str
    in_recovery: bool
    read_only: bool
    database: str
    role: str
    session_role: str
    role_setting: str
    is_superuser: bool
    may_create_roles: bool
    may_create_schemas: bool
    roles: list[str]
    owner_of_rota: str | None
    owner_of_rota_core: str | None
    pg_cron: str | None

    @property
    def missing_roles(self) -> list[str]:
        return [role for role in ROLES if role not in self.roles]

    @property
    def deployer(self) -> str:
        """The role to set for acting as whoever deploys."""
        return self.role_setting if self.role_setting == "none" else quoted(self.role_setting)

    @property
    def schemas_exist(self) -> bool:
        return bool(self.owner_of_rota and self.owner_of_rota_core)


def look(connection: psycopg.Connection) -> Facts:
    with connection.cursor(row_factory=dict_row) as cursor:
        return Facts(**cursor.execute(_FACTS, [list(ROLES)]).fetchone())


def check(connection: psycopg.Connection, facts: Facts) -> bool:
    """Refuse what cannot work. Returns whether the role may act as those roles
    already; if not, bootstrap.sql will make it a member."""
    _check_server(facts)
    _check_roles(facts)
    may_act = True
    for role in ACTED_AS:
        if role in facts.roles and not _may_act_as(connection, facts, role):
            may_act = False
            if not _may_grant(connection, facts, role):
                raise _not_a_member(facts)
    _check_schemas(facts)
    return may_act and not facts.missing_roles


def require_membership(connection: psycopg.Connection, facts: Facts) -> None:
    """To take rota away one must be able to act as its roles, as for a deploy."""
    if not facts.schemas_exist:
        return
    check(connection, facts)
    for role in ACTED_AS:
        usable = connection.execute(
            "select pg_has_role(current_user, %s, 'USAGE')", [role]
        ).fetchone()[0]
        if role in facts.roles and not usable:
            options = " with inherit true, set true" if facts.version_num >= 160000 else ""
            connection.execute(f"grant {role} to {quoted(facts.role)}{options}")


def _check_server(facts: Facts) -> None:
    if facts.version_num < OLDEST * 10000:
        raise Problem(
            f"PostgreSQL {facts.version} is too old",
            f"rota needs PostgreSQL {OLDEST} or newer",
        )
    if facts.in_recovery:
        raise Problem(
            "this server is a standby and read-only",
            hint="deploy to the primary: give its address with --database-url",
        )
    if facts.read_only:
        raise Problem(
            f"database {facts.database} is read-only for {facts.role}",
            "default_transaction_read_only is on",
            "set default_transaction_read_only = off;"
            f" alter database {quoted(facts.database)} set default_transaction_read_only = off;",
        )


def _check_roles(facts: Facts) -> None:
    if facts.missing_roles and not (facts.is_superuser or facts.may_create_roles):
        raise Problem(
            f"role {facts.role} may not create roles",
            f"rota needs the roles {', '.join(facts.missing_roles)}",
            f"as a superuser: alter role {quoted(facts.role)} createrole;",
        )


def _check_schemas(facts: Facts) -> None:
    for schema, owner in (("rota", facts.owner_of_rota), ("rota_core", facts.owner_of_rota_core)):
        if owner not in (None, "rota_owner"):
            raise Problem(
                f"schema {schema} belongs to {owner}, not to rota",
                "it would be overwritten",
                f"alter schema {schema} rename to {schema}_old;",
            )
    if not facts.schemas_exist and not (facts.is_superuser or facts.may_create_schemas):
        raise Problem(
            f"role {facts.role} may not create schemas in database {facts.database}",
            hint="as the owner of the database: "
            f"grant create on database {quoted(facts.database)} to {quoted(facts.role)};",
        )


def _may_act_as(connection: psycopg.Connection, facts: Facts, role: str) -> bool:
    kinds = ("USAGE", "SET") if facts.version_num >= 160000 else ("USAGE",)
    return all(_has_role(connection, role, kind) for kind in kinds)


def _may_grant(connection: psycopg.Connection, facts: Facts, role: str) -> bool:
    if facts.is_superuser or (facts.version_num < 160000 and facts.may_create_roles):
        return True
    return _has_role(connection, role, "MEMBER WITH ADMIN OPTION")


def _has_role(connection: psycopg.Connection, role: str, kind: str) -> bool:
    query = "select pg_has_role(current_user, %s, %s)"
    return connection.execute(query, [role, kind]).fetchone()[0]


def _not_a_member(facts: Facts) -> Problem:
    options = " with inherit true, set true" if facts.version_num >= 160000 else ""
    return Problem(
        f"role {facts.role} may not act as rota_owner",
        "another role deployed rota on this server before",
        f"as that role or a superuser: grant {', '.join(ACTED_AS)} to {quoted(facts.role)}"
        f"{options};",
    )


def quoted(name: str) -> str:
    """An identifier, fit to be typed."""
    return '"' + name.replace('"', '""') + '"'
