"""Which file makes what is defined, and the deploy that made it of it."""

from __future__ import annotations

from typing import Any

from pgrota.database import Database

STAMP = """
select o.project, o.file, o.deploy_id
from rota_core.deployed_objects() as o
where o.kind = %s and o.identity = %s and not o.is_kept
"""


def of(database: Database, kind: str, name: str) -> dict[str, Any]:
    """Project, file and deploy of a definition; each null where it was typed by hand."""
    found = None
    if database.exists("rota_core.deployed_objects"):
        found = database.row(STAMP, [kind, name])
    return found or dict.fromkeys(("project", "file", "deploy_id"))


def words(stamp: dict[str, Any]) -> str | None:
    """`sales.sql of shop, deploy 3`."""
    return stamp["file"] and "{file} of {project}, deploy {deploy_id}".format(**stamp)
