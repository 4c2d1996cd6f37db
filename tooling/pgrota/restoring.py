"""Put right what executing a file again would not: owners, privileges, comments, watches."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
from psycopg import sql

from pgrota import catalog, renamed, retiring, schema_grants
from pgrota.drift import Drift

_ACL = """
select a.grantee = 0 as is_public, pg_get_userbyid(a.grantee), a.privilege_type, a.is_grantable
from aclexplode(coalesce(%s::aclitem[], acldefault(%s, %s::regrole))) as a
"""
_ROUTINES = ("function", "procedure", "aggregate")
_KINDS = {"view": "table", "aggregate": "function"}


def restore(connection: psycopg.Connection, found: Iterable[Drift], role: str) -> None:
    """Make it as the record has it. The files are executed afterwards."""
    for drift in found:
        if drift.kind == "watch" and drift.what == "changed":
            retiring.unwatch(connection, [(drift.kind, drift.name)], role)
        elif "grants" in drift.recorded:
            connection.execute(sql.SQL("set local role {}").format(sql.SQL(role)))
            schema_grants.restore(connection, drift.name, drift.recorded["grants"])
        elif drift.what == "renamed":
            renamed.put_back(connection, drift, role)
        elif drift.kind == "view" or drift.kind in _ROUTINES:
            _object(connection, drift, role)
    connection.execute(sql.SQL("set local role {}").format(sql.SQL(role)))


def _object(connection: psycopg.Connection, drift: Drift, role: str) -> None:
    identity = sql.SQL(drift.name)
    owner = drift.recorded.get("owner")
    connection.execute(sql.SQL("set local role {}").format(sql.SQL(role)))
    kind = sql.SQL(catalog.word(connection, drift.kind, drift.name))
    if "owner" in drift.fields:
        connection.execute(
            sql.SQL("alter {} {} owner to {}").format(kind, identity, sql.Identifier(owner))
        )
    if owner:
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(owner)))
    if "privileges" in drift.fields or "owner" in drift.fields:
        _privileges(connection, drift, owner)
    if "comment" in drift.fields:
        comment = sql.Literal(drift.fields["comment"][0])
        connection.execute(sql.SQL("comment on {} {} is {}").format(kind, identity, comment))


def _privileges(connection: psycopg.Connection, drift: Drift, owner: str) -> None:
    """Exactly those of the record, save those of roles that tasks run as, which are no file's."""
    letter = "r" if drift.kind == "view" else "f"
    target = sql.SQL("{} {}").format(
        sql.SQL(_KINDS.get(drift.kind, drift.kind)), sql.SQL(drift.name)
    )
    was, now = drift.fields.get("privileges", (drift.recorded.get("privileges"),) * 2)
    for entries, verb in ((now, "revoke"), (was, "grant")):
        items = None if entries is None else "{" + ",".join(map(_item, entries.split(", "))) + "}"
        for public, name, privilege, grantable in connection.execute(_ACL, [items, letter, owner]):
            grantee = sql.SQL("public") if public else sql.Identifier(name)
            more = sql.SQL(" with grant option" if grantable and verb == "grant" else "")
            form = "{} {} on {} from {}{}" if verb == "revoke" else "{} {} on {} to {}{}"
            connection.execute(
                sql.SQL(form).format(sql.SQL(verb), sql.SQL(privilege), target, grantee, more)
            )


def _item(entry: str) -> str:
    return '"' + entry.replace("\\", "\\\\").replace('"', '\\"') + '"'
