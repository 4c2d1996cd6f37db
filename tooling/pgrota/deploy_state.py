"""What was deployed last, and whether it still stands as it was."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg

from pgrota import comparing
from pgrota.database import Database

_LAST = """
select distinct on (d.project) d.project, d.deployed_at, d.deployed_by as "by",
  d.tool_version as tool, left(d.git_commit, 9) as commit
from rota.deploys as d
order by d.project, d.deploy_id desc
"""


def read(database: Database) -> dict[str, Any] | None:
    """Projects with their last deploy, drift and unmanaged definitions.

    None where this database does not know of them or hides them from us.
    """
    if not database.exists("rota.deploys"):
        return None
    try:
        projects = database.rows(_LAST)
        state = comparing.look_at(database)
    except psycopg.errors.InsufficientPrivilege:
        return None
    drifted = Counter(each.project for each in state.drift)
    return {
        "projects": [{**row, "drift": drifted[row["project"]]} for row in projects],
        "drift": [each.as_json() for each in state.drift],
        "unmanaged": [{"kind": each.kind, "name": each.name} for each in state.unmanaged],
    }
