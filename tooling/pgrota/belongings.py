"""What a project has in a database, as the record of its deploys knows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import dict_row

from pgrota import calls, catalog, own, preflight, project
from pgrota.calls import Definition
from pgrota.retiring import DROPS

_OBJECTS = """
select o.kind, o.identity, o.project
from rota_core.deployed_object as o
where o.kind in ('trigger', 'view', 'function', 'procedure', 'aggregate')
  and o.project not in ('rota', 'foundation') and (o.project = %(name)s or %(name)s is null)
  -- What was there before is not theirs to take away.
  and to_jsonb(o) #> '{attributes,found}' is null
order by array_position('{trigger,view}', o.kind), o.project, o.identity
"""
_SOURCES = """
select f.project, s.source
from rota_core.deployed_file as f
join rota_core.deployed_source as s on s.source_hash = f.source_hash
where f.project not in ('rota', 'foundation')
order by f.project, f.file
"""
_VERSION_TABLES = """
select substr(c.relname, length('project_version_') + 1)
from pg_catalog.pg_class as c
where c.relnamespace = 'rota_core'::regnamespace and c.relkind = 'r'
  and starts_with(c.relname, 'project_version_')
"""


@dataclass
class Belongings:
    """Objects, definitions and schemas of one project; of all but the engine, without a name."""

    objects: list[tuple[str, str]] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    schemas: list[str] = field(default_factory=list)


def projects(connection: psycopg.Connection) -> dict[str, set[str]]:
    """The users' projects and recipes that are here, and where the tables of each stand."""
    found: dict[str, set[str]] = {
        row[0]: set()
        for row in connection.execute(
            "select distinct f.project from rota_core.deployed_file as f"
            " where f.project not in ('rota', 'foundation')"
        )
    }
    for (name,) in connection.execute(_VERSION_TABLES).fetchall():
        heads = own.heads(connection, f"project_version_{name}")
        if heads or name in found:
            found[name] = heads
    return found


def of(connection: psycopg.Connection, name: str | None = None) -> Belongings:
    """What belongs to a project, or to any of them. Executed as rota_owner."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_OBJECTS, {"name": name}).fetchall()
    return Belongings(
        [(row["kind"], row["identity"]) for row in rows],
        _definitions(connection, name) if name else [],
        _schemas(connection, name),
    )


def _definitions(connection: psycopg.Connection, name: str) -> list[Definition]:
    """Those that its files name or that were recorded, without what another project names too."""
    mine: dict[Definition, None] = {}
    others: set[Definition] = set()
    for owner, source in connection.execute(_SOURCES):
        for definition in calls.definitions(source):
            if owner == name:
                mine[definition] = None
            else:
                others.add(definition)
    for kind, identity in connection.execute(
        "select o.kind, o.identity from rota_core.deployed_object as o"
        " where o.project = %s and o.kind = any (%s)",
        [name, list(DROPS)],
    ):
        mine[Definition(kind, identity)] = None
    order = list(DROPS)
    wanted = [d for d in mine if d not in others and d.kind in DROPS]
    return sorted(wanted, key=lambda d: order.index(d.kind))


def _schemas(connection: psycopg.Connection, name: str | None) -> list[str]:
    """The schemas that its deploys have made."""
    found: dict[str, None] = {}
    for (changes,) in connection.execute(
        "select d.changes from rota_core.deploy as d"
        " where d.project not in ('rota', 'foundation') and (d.project = %(name)s or"
        " %(name)s is null) order by d.deploy_id",
        {"name": name},
    ):
        for change in changes:
            if change.get("kind") != "schema":
                continue
            if change.get("action") == "create":
                found[change["name"]] = None
            elif change.get("action") == "drop":
                found.pop(change["name"], None)
    return list(found)


def drop_objects(
    connection: psycopg.Connection, objects: list[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """Drop them with what hangs on them. Yields those that were there."""
    for kind, identity in objects:
        name = catalog.word(connection, kind, identity)
        catalog.drop(connection, kind, identity)
        yield name, identity


def drop_schemas(connection: psycopg.Connection, names: list[str]) -> Iterator[tuple[str, str]]:
    """Drop those that are empty. Yields each with the reason why it stays, if it does."""
    for name in names:
        try:
            with connection.transaction():
                connection.execute(f"drop schema if exists {preflight.quoted(name)}")
            yield name, ""
        except psycopg.errors.DependentObjectsStillExist:
            yield name, "it is not empty"
        except psycopg.errors.InsufficientPrivilege as error:
            yield name, error.diag.message_primary or "it belongs to somebody else"


def kept_tables(name: str, heads: set[str]) -> str | None:
    """What to say of a project's tables that stay."""
    if name in project.recipes():
        return "the tables of the sample application: drop them yourself"
    if not heads:
        return None
    return f"the tables of project {name}, at migration {', '.join(sorted(heads))}"
