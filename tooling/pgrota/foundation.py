"""What bootstrap.sql makes: the roles, the two schemas, the settings of the worker role."""

from __future__ import annotations

import psycopg

from pgrota import catalog, project, record
from pgrota.change import Change
from pgrota.errors import Refusal, is_transient


def stands(connection: psycopg.Connection) -> bool:
    """Whether it is as the last deploy left it. Executed as rota_owner."""
    file = project.bootstrap()
    recorded = record.read(connection, project.FOUNDATION)
    there = {stored.key: stored.fingerprint for stored in catalog.foundation(connection)}
    return recorded.hashes.get(file.path) == file.source_hash and all(
        there.get(key) == fingerprint for key, fingerprint in recorded.fingerprints.items()
    )


def lay(connection: psycopg.Connection) -> list[Change]:
    """Make it, or make it right again. Executed as the deployer."""
    file = project.bootstrap()
    before = {stored.key: stored.fingerprint for stored in catalog.foundation(connection)}
    try:
        connection.execute(file.text)
    except psycopg.Error as error:
        raise error if is_transient(error) else Refusal(error, file.path) from error
    return [
        Change(s.kind, s.identity, "change" if s.key in before else "create", file.path)
        for s in catalog.foundation(connection)
        if before.get(s.key) != s.fingerprint
    ]


def keep(connection: psycopg.Connection, deploy_id: int) -> None:
    """Write it into the record. Executed as rota_owner."""
    objects = [stored.row() for stored in catalog.foundation(connection)]
    record.keep(connection, project.FOUNDATION, deploy_id, project.bootstrap(), objects)
