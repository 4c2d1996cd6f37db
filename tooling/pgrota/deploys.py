"""What was deployed when, by whom: the record, and how to find a deploy in it."""

from __future__ import annotations

from typing import Any

from pgrota.database import Database
from pgrota.errors import Problem

LIST = """
select d.deploy_id, d.project, d.deployed_at, d.deployed_by, d.git_commit, d.tool_version, d.changes
from rota.deploys as d
where (%(project)s::text is null or d.project = %(project)s)
order by d.deploy_id desc
limit %(limit)s
"""
ONE = "select d.* from rota.deploys as d where d.deploy_id = %s"
PROJECTS = "select distinct d.project from rota.deploys as d order by 1"


def listed(database: Database, project: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest deploys, of one project or of all."""
    return database.rows(LIST, {"project": project, "limit": limit})


def find(database: Database, deploy_id: int) -> dict[str, Any]:
    """One deploy by its number."""
    found = database.rows(ONE, [deploy_id])
    if not found:
        raise Problem(f"deploy {deploy_id} is not on record", hint="rota log")
    return found[0]


def back(database: Database, project: str, count: int) -> dict[str, Any]:
    """The deploy of a project so many before its last one."""
    rows = listed(database, project, count + 1)
    if not rows:
        names = [row["project"] for row in database.rows(PROJECTS)]
        raise Problem(
            f"project {project} is not deployed in {database.shown}",
            f"Deployed are: {', '.join(names)}" if names else None,
            "rota log",
        )
    if len(rows) <= count:
        raise Problem(
            f"project {project} has {len(rows)} deploy{'s' if len(rows) > 1 else ''} on record",
            f"{count} before the last one there is none",
            f"rota log --of {project}",
        )
    return rows[count]


def summary(changes: list[dict[str, Any]]) -> str:
    """`2 functions changed, task made`, and so on."""
    words = {
        "create": "made", "apply": "applied", "change": "changed", "restate": "restated",
        "replace": "replaced", "drop": "dropped",
    }  # fmt: skip
    groups: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        key = change["kind"], words.get(change["action"], "")
        groups.setdefault(key, []).append(change["name"])
    parts = []
    for (kind, word), names in groups.items():
        if kind == "rollback":
            parts.append(f"rollback to {names[0]}")
        elif len(names) == 1:
            parts.append(f"{kind} {names[0]} {word}")
        else:
            plural = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
            parts.append(f"{len(names)} {plural} {word}")
    return ", ".join(parts)
