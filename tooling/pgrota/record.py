"""The deploy record: what was deployed, by whom, and how Postgres stores it."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from pgrota import __version__, project
from pgrota.catalog import Stored
from pgrota.preflight import Facts
from pgrota.project import SourceFile


@dataclass
class Recorded:
    """What the record says about one project."""

    hashes: dict[str, str] = field(default_factory=dict)
    fingerprints: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[tuple[str, str], str] = field(default_factory=dict)

    def objects_of(self, path: str) -> list[tuple[str, str]]:
        return [key for key, file in self.files.items() if file == path]


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
        "select f.file, f.source_hash from rota_core.deployed_file as f where f.project = %s",
        [name],
    ):
        recorded.hashes[file] = source_hash
    for kind, identity, file, fingerprint in connection.execute(
        "select o.kind, o.identity, o.file, o.fingerprint"
        " from rota_core.deployed_object as o where o.project = %s",
        [name],
    ):
        recorded.files[kind, identity] = file
        recorded.fingerprints[kind, identity] = fingerprint
    return recorded


def begin(
    connection: psycopg.Connection,
    name: str,
    changes: list[dict],
    facts: Facts,
    home: Path | None = None,
) -> int:
    """Write a deploy down. Returns its id."""
    system = {
        "server_version": facts.version,
        "database": facts.database,
        "pg_cron": facts.pg_cron,
        "client": _client(),
    }
    return connection.execute(
        "insert into rota_core.deploy"
        " (project, deployed_at, deployed_by, tool_version, git_commit, changes, system)"
        " values (%s, clock_timestamp(), %s, %s, %s, %s, %s) returning deploy_id",
        [name, facts.session_role, __version__, git_commit(home), Jsonb(changes), Jsonb(system)],
    ).fetchone()[0]


def keep(
    connection: psycopg.Connection,
    name: str,
    deploy_id: int,
    file: SourceFile,
    objects: Iterable[Stored],
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
        " set source_hash = excluded.source_hash, deploy_id = excluded.deploy_id",
        [name, file.path, file.source_hash, deploy_id],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from rota_core.deployed_object as o where o.project = %s and o.file = %s",
            [name, file.path],
        )
        cursor.executemany(
            "insert into rota_core.deployed_object"
            " (project, kind, identity, file, fingerprint, definition, deploy_id)"
            " values (%s, %s, %s, %s, %s, %s, %s)"
            " on conflict (kind, identity) do update"
            " set project = excluded.project, file = excluded.file,"
            "  fingerprint = excluded.fingerprint, definition = excluded.definition,"
            "  deploy_id = excluded.deploy_id",
            [
                (name, o.kind, o.identity, file.path, o.fingerprint, o.definition, deploy_id)
                for o in objects
            ],
        )


def forget(connection: psycopg.Connection, name: str, files: Iterable[str]) -> None:
    """Files that are deployed no longer."""
    connection.execute(
        "delete from rota_core.deployed_file as f where f.project = %s and f.file = any (%s)",
        [name, list(files)],
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
