"""Triggers that somebody has renamed: they fire as before, beside the one that is made anew."""

from __future__ import annotations

from dataclasses import replace

import psycopg
from psycopg import sql

from pgrota.drift import Drift
from pgrota.errors import at

_UNRECORDED = """
select quote_ident(t.tgname), t.tgrelid::regclass::text,
  concat_ws(E'\\n', t.tgenabled, pg_get_triggerdef(t.oid))
from pg_catalog.pg_trigger as t
where not t.tgisinternal and t.tgparentid = 0
  and format('%%I on %%s', t.tgname, t.tgrelid::regclass) not in (
    select o.identity from rota_core.deployed_objects() as o where o.kind = 'trigger'
  )
order by t.tgname
"""


def look(connection: psycopg.Connection, gone: Drift, definition: str) -> Drift:
    """The same trigger under a name that no deploy has given, if it is there."""
    for name, table, now in connection.execute(_UNRECORDED, []):
        was = gone.name.removesuffix(f" on {table}")
        if now.replace(f"TRIGGER {name} ", f"TRIGGER {was} ", 1) == definition:
            return replace(gone, what="renamed", fields={"name": (was, name)})
    return gone


def put_back(connection: psycopg.Connection, drift: Drift, role: str) -> None:
    """Give it the name of its file again."""
    was, now = drift.fields["name"]
    table = drift.name.removeprefix(f"{was} on ")
    connection.execute(sql.SQL("set local role {}").format(sql.SQL(role)))
    with at(f"trigger {drift.name}"):
        connection.execute(f"alter trigger {now} on {table} rename to {was}")
