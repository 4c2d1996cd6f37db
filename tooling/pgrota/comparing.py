"""How the record of deploys is compared with what stands on the server."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from pgrota import calls, catalog, change, definitions, project, renamed, schema_grants
from pgrota.catalog import Stored
from pgrota.change import Change
from pgrota.drift import Drift, State
from pgrota.errors import Problem

if TYPE_CHECKING:
    from pgrota.database import Database

_RECORD = """
select o.project, o.kind, o.identity, o.file, o.fingerprint, o.definition, o.attributes, o.system
from rota_core.deployed_objects() as o
where not o.is_kept and o.kind <> 'role'
order by o.project, o.file, o.kind, o.identity
"""
_CRON = """
select c.found_name as name, c.job_name is not null as wanted,
  format('"%%s" %%s', c.schedule, c.command) as was, c.found as now
from rota_core.cron_changes() as c
where c.drifted
order by c.found_name
"""
_SEES_CRON = """
select exists (
  select
  from pg_catalog.pg_extension as e
  join pg_catalog.pg_namespace as n on n.nspname = 'cron'
  where e.extname = 'pg_cron' and has_schema_privilege('rota_worker', n.oid, 'usage')
)
"""
_WHEN = """
select pg_xact_commit_timestamp(c.xmin)
from {} as c
where c.oid = %s and current_setting('track_commit_timestamp') = 'on'
"""
_CATALOGS = {"view": "pg_class", "trigger": "pg_trigger", "schema": "pg_namespace"}


def look(connection: psycopg.Connection, projects: Collection[str] | None = None) -> State:
    """Compare the record with what stands there, of all projects or of some."""
    query = "select to_regprocedure('rota_core.deployed_objects()') is not null"
    if not connection.execute(query).fetchone()[0]:
        return State([], [])
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_RECORD).fetchall()
    known = {(row["kind"], row["identity"]) for row in rows}
    if projects is not None:
        rows = [row for row in rows if row["project"] in projects]
    said = definitions.read(connection)
    objects = [row for row in rows if row["kind"] not in calls.KINDS_OF]
    found = [
        *_schemas(connection, [row for row in objects if "grants" in row["attributes"]]),
        *_objects(connection, [row for row in objects if "grants" not in row["attributes"]]),
        *_definitions([r for r in rows if r["kind"] in calls.KINDS_OF], said),
        *_cron(connection, rows),
    ]
    return State(found, [each for key, each in said.items() if key not in known])


def _schemas(connection: psycopg.Connection, rows: list[dict]) -> list[Drift]:
    now = schema_grants.read(connection, [row["identity"] for row in rows])
    found = []
    for row in rows:
        name, recorded = row["identity"], row["attributes"]
        drift = Drift("schema", name, row["project"], row["file"], "changed", recorded=recorded)
        lost = [grant for grant in recorded["grants"] if grant not in now.get(name, [grant])]
        if lost:
            found.append(replace(drift, fields={"privileges": (", ".join(lost), None)}))
    return found


def _objects(connection: psycopg.Connection, rows: list[dict]) -> list[Drift]:
    rows = [row for row in rows if _comparable(connection, row["system"])]
    if not rows:
        return []
    wanted = [(row["kind"], row["identity"]) for row in rows if row["kind"] != "schema"]
    there = {stored.key: stored for stored in catalog.find(connection, wanted)}
    there |= {s.key: s for s in catalog.foundation(connection) if s.kind == "schema"}
    found = []
    for row in rows:
        now = there.get((row["kind"], row["identity"]))
        if now is None or now.fingerprint != row["fingerprint"]:
            found.append(_object(connection, row, now))
    return found


def _object(connection: psycopg.Connection, row: dict, now: Stored | None) -> Drift:
    file = row["file"]
    drift = Drift(
        row["kind"], row["identity"], row["project"], file, "gone", recorded=row["attributes"]
    )
    if now is None and drift.kind == "trigger":
        return renamed.look(connection, drift, row["definition"])
    if now is None:
        return drift
    fields = change.attributes(row["attributes"], now.attributes)
    when = connection.execute(
        _WHEN.format(_CATALOGS.get(now.kind, "pg_proc")), [now.oid]
    ).fetchone()
    return replace(
        drift,
        what="changed",
        by=_grantors(*fields.get("privileges", (None, None)), now.attributes.get("owner")),
        at=when[0] if when else None,
        fields=fields,
        diff=change.unified(row["definition"], now.definition, file, "on the server"),
    )


def _grantors(was: str | None, now: str | None, owner: str | None) -> str | None:
    """Who gave what was not there before. What a superuser gives counts as the owner's gift."""
    new = set((now or "").split(", ")) - set((was or "").split(", "))
    names = {item.rpartition("/")[2] for item in new if "/" in item} - {owner}
    return ", ".join(sorted(names)) or None


def _definitions(
    rows: list[dict], said: dict[definitions.Key, definitions.Definition]
) -> list[Drift]:
    found = []
    for row in rows:
        now = said.get((row["kind"], row["identity"]))
        was = json.loads(row["definition"])
        drift = Drift(row["kind"], row["identity"], row["project"], row["file"], "gone")
        fields = change.differing(was, now.said) if now else {}
        if now is None:
            found.append(drift)
        elif fields:
            found.append(replace(drift, what="changed", by=now.by, at=now.at, fields=fields))
    return found


def _cron(connection: psycopg.Connection, rows: list[dict]) -> list[Drift]:
    if not connection.execute(_SEES_CRON).fetchone()[0]:
        return []
    files = {row["identity"]: row for row in rows if row["kind"] == "schedule"}
    found = []
    for name, wanted, was, now in connection.execute(_CRON, []):
        row = files.get(re.sub(r"^.*?:schedule:", "", name or ""), {})
        what = "changed" if wanted and now else "gone" if wanted else "made by others"
        found.append(
            Drift(
                "cron job",
                name,
                row.get("project", project.ENGINE),
                row.get("file"),
                what,
                fields={"job": (was if wanted else None, now)},
            )
        )
    return found


def _comparable(connection: psycopg.Connection, system: dict) -> bool:
    """Whether the fingerprint was taken in the same way, by this tool and by this server."""
    major = re.match(r"\d+", system.get("server_version", ""))
    here = str(connection.info.server_version // 10000)
    return (
        system.get("fingerprints", 1) == catalog.SCHEME and major is not None and major[0] == here
    )


def undone(found: Iterable[Drift], name: str, changes: Collection[Change]) -> list[Change]:
    """What was put right by other means than executing a file."""
    done = {(change.kind, change.name) for change in changes}
    return [
        Change(
            each.kind,
            each.name,
            "change",
            each.file,
            fields={part: (now, was) for part, (was, now) in each.fields.items()},
        )
        for each in found
        if each.project == name and each.kind != "cron job" and (each.kind, each.name) not in done
    ]


def look_at(database: Database) -> State:
    """Drift of all projects, as those who may look see it."""
    from pgrota.transaction import settle

    if not database.exists("rota_core.deployed_objects"):
        raise Problem(
            f"there is no record of deploys in {database.shown}",
            "rota is not deployed there, or its version is older than this tool",
            "rota deploy",
        )
    with database.transaction() as connection:
        settle(connection)
        return look(connection)
