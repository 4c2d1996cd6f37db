"""Objects dropped together with what depends on them, and never with anything of others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import psycopg

from pgrota import catalog
from pgrota.errors import Problem, at
from pgrota.recording import recorded

Key = tuple[str, str]


def drop(
    connection: psycopg.Connection,
    keys: Iterable[Key],
    ours: Collection[tuple[int, int]],
    before_drop: Callable[[str], None],
) -> dict[Key, list[str]]:
    """Drop them, as long as all that depends on them is ours. Returns what depended on each."""
    dependants = {}
    for key in dict.fromkeys(keys):
        kind, identity = key
        if not catalog.standing(connection, [key]):
            continue
        before_drop(f"{kind} {identity} goes")
        found = catalog.dependants(connection, kind, identity)
        dependants[key] = [each["description"] for each in found]
        foreign = [d["description"] for d in found if (d["classid"], d["oid"]) not in ours]
        if foreign:
            raise Problem(
                f"{kind} {identity} cannot be dropped: something else depends on it",
                "\n".join(foreign),
                "drop or change that first",
            )
        with recorded(connection), at(f"the drop of {kind} {identity}"):
            catalog.drop(connection, kind, identity)
    return dependants
