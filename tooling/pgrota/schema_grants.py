"""Rights on the schemas that files make: what was taken away is missed, what was added is not.

Others may be let into a schema by whoever owns it, and by other projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg
from psycopg import sql

_GRANTS = """
select n.nspname, array_agg(
  concat_ws(' to ', lower(a.privilege_type),
    case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee) end)
  order by a.grantee, a.privilege_type)
from pg_catalog.pg_namespace as n
cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
where n.nspname = any (%s)
group by n.nspname
"""


def read(connection: psycopg.Connection, names: Iterable[str]) -> dict[str, list[str]]:
    """Who has which right on each of these schemas that is there, as `usage to somebody`."""
    return dict(connection.execute(_GRANTS, [list(names)]).fetchall())


def recorded(connection: psycopg.Connection, files: Mapping[str, str]) -> dict[str, dict]:
    """As the record keeps it. files: the file that makes each schema."""
    found = read(connection, files)
    return {name: {"file": files[name], "grants": grants} for name, grants in found.items()}


def restore(connection: psycopg.Connection, name: str, grants: Iterable[str]) -> None:
    """Give them all again: what was taken away comes back, the rest stands."""
    for grant in grants:
        privilege, _, grantee = grant.partition(" to ")
        connection.execute(
            sql.SQL("grant {} on schema {} to {}").format(
                sql.SQL(privilege),
                sql.Identifier(name),
                sql.SQL("public") if grantee == "public" else sql.Identifier(grantee),
            )
        )
