"""The deploy record: what was deployed, by whom, and how Postgres stores it."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from pgrota import __version__, calls, project
from pgrota.catalog import SCHEME, Row
from pgrota.preflight import Facts
from pgrota.project import Project, SourceFile


@dataclass
class Recorded:
    """What the record says about one project.

    Objects of the catalog and definitions stand apart, and so does what was left in place although
    no file makes it any longer.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    attributes: dict[tuple[str, str], dict] = field(default_factory=dict)
    defined: dict[tuple[str, str], tuple[str, dict]] = field(default_factory=dict)
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def objects_of(self, path: str) -> list[tuple[str, str]]:
        return [key for key, file in self.files.items() if file == path]

    def definitions_of(self, path: str) -> dict[tuple[str, str], dict]:
        return {key: said for key, (file, said) in self.defined.items() if file == path}


def exists(connection: psycopg.Connection) -> bool:
    """Whether the tables of the record are there."""
    return connection.execute(
        "select to_regclass('rota_core.deployed_object') is not null"
    ).fetchone()[0]


def read(connection: psycopg.Connection, name: str) -> Recorded:
    """The record of a project; empty when it was never deployed."""
    recorded = Recorded()
    if not exists(connection):
        return recorded
    for file, source_hash in connection.execute(
        "select f.file,"
        " case when (to_jsonb(f) ->> 'is_due')::boolean then '' else f.source_hash end"
        " from rota_core.deployed_file as f where f.project = %s",
        [name],
    ):
        recorded.hashes[file] = source_hash
    # By way of jsonb: before an upgrade some columns are not there.
    for kind, identity, file, fingerprint, definition, more in connection.execute(
        "select o.kind, o.identity, o.file, o.fingerprint, o.definition, to_jsonb(o)"
        " from rota_core.deployed_object as o where o.project = %s",
        [name],
    ):
        key = kind, identity
        if more.get("is_kept"):
            recorded.kept[key] = file
        elif kind in calls.KINDS_OF:
            recorded.defined[key] = file, json.loads(definition)
        else:
            recorded.files[key] = file
            recorded.fingerprints[key] = fingerprint
            recorded.attributes[key] = more.get("attributes") or {}
    return recorded


def begin(
    connection: psycopg.Connection,
    name: str,
    changes: list[dict],
    facts: Facts,
    home: Path | None = None,
    state: dict | None = None,
) -> int:
    """Write a deploy down, with all that is needed to restore it. Returns its id."""
    system = {
        "server_version": facts.version,
        "database": facts.database,
        "pg_cron": facts.pg_cron,
        "client": _client(),
        "fingerprints": SCHEME,
    }
    return connection.execute(
        "insert into rota_core.deploy"
        " (project, deployed_at, deployed_by, tool_version, git_commit, changes, system, state)"
        " values (%s, clock_timestamp(), %s, %s, %s, %s, %s, %s) returning deploy_id",
        [
            name,
            facts.session_role,
            __version__,
            git_commit(home),
            Jsonb(changes),
            Jsonb(system),
            Jsonb(state or {}),
        ],
    ).fetchone()[0]


def state(each: Project, heads: Iterable[str], schemas: dict | None = None) -> dict:
    """What restoring a deploy needs: its files in load order, and where the migrations stand.

    schemas: the rights on those that the files make.
    """
    files = [{"file": file.path, "source_hash": file.source_hash} for file in each.files]
    return {"files": files, "migrations": sorted(heads), "schemas": schemas or {}}


def keep(
    connection: psycopg.Connection,
    name: str,
    deploy_id: int,
    file: SourceFile,
    rows: Iterable[Row],
) -> None:
    """Write down a file that was executed and what it made."""
    connection.execute(
        "insert into rota_core.deployed_source (source_hash, source) values (%s, %s)"
        " on conflict (source_hash) do nothing",
        [file.source_hash, file.text],
    )
    connection.execute(
        "insert into rota_core.deployed_file (project, file, source_hash, deploy_id)"
        " values (%s, %s, %s, %s)"
        " on conflict (project, file) do update"
        " set source_hash = excluded.source_hash, deploy_id = excluded.deploy_id, is_due = false",
        [name, file.path, file.source_hash, deploy_id],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from rota_core.deployed_object as o"
            " where o.project = %s and o.file = %s and not o.is_kept",
            [name, file.path],
        )
        cursor.executemany(
            "insert into rota_core.deployed_object"
            " (project, kind, identity, file, fingerprint, definition, attributes, deploy_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (kind, identity) do update"
            " set project = excluded.project, file = excluded.file,"
            "  fingerprint = excluded.fingerprint, definition = excluded.definition,"
            "  attributes = excluded.attributes, is_kept = false, deploy_id = excluded.deploy_id",
            [
                (
                    name,
                    row.kind,
                    row.identity,
                    file.path,
                    row.fingerprint,
                    row.definition,
                    Jsonb(row.attributes),
                    deploy_id,
                )
                for row in rows
            ],
        )


def refresh(connection: psycopg.Connection, rows: Iterable[Row]) -> None:
    """Write down how objects stand whose files were not executed."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "update rota_core.deployed_object as o"
            " set fingerprint = %s, definition = %s, attributes = %s"
            " where o.kind = %s and o.identity = %s and not o.is_kept",
            [
                (row.fingerprint, row.definition, Jsonb(row.attributes), row.kind, row.identity)
                for row in rows
            ],
        )


def settle(
    connection: psycopg.Connection,
    name: str,
    kept: Iterable[tuple[str, str]],
    gone: Iterable[tuple[str, str]],
    files: Iterable[str],
) -> None:
    """What was left in place, what is gone, and the files that are deployed no longer."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "update rota_core.deployed_object as o set is_kept = true"
            " where o.project = %s and o.kind = %s and o.identity = %s",
            [(name, *key) for key in kept],
        )
        cursor.executemany(
            "delete from rota_core.deployed_object as o"
            " where o.project = %s and o.kind = %s and o.identity = %s",
            [(name, *key) for key in gone],
        )
    params = [name, list(files)]
    connection.execute(
        "delete from rota_core.deployed_file as f"
        " where f.project = %s and f.file = any (%s) and not exists ("
        "  select from rota_core.deployed_object as o"
        "  where o.project = f.project and o.file = f.file and o.is_kept)",
        params,
    )
    # The same text is executed when it comes back.
    connection.execute(
        "update rota_core.deployed_file as f set is_due = true"
        " where f.project = %s and f.file = any (%s)",
        params,
    )


def git_commit(home: Path | None = None) -> str | None:
    """The commit of the user's project, or of the checkout this tool runs from, if it does."""
    if home is None and (project.PACKAGE / "_project").is_dir():
        return None
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["git", "-C", str(home or project.root()), "rev-parse", "--verify", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return done.stdout.strip() or None
    return None


def _client() -> str | None:
    with suppress(KeyError, OSError, ImportError):
        return getpass.getuser()
    return None
