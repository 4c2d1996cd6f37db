"""What executing files has changed, from what stood there before and after."""

from __future__ import annotations

from collections.abc import Mapping

from pgrota import change
from pgrota.catalog import Stored
from pgrota.change import Change
from pgrota.definitions import Definitions
from pgrota.project import SourceFile

Key = tuple[str, str]
Hashes = tuple[str | None, str]


def made(
    executed: Mapping[str, SourceFile],
    known: Mapping[str, str | None],
    before: Mapping[Key, Stored],
    after: Mapping[Key, tuple[Stored, SourceFile]],
    defined: Definitions,
    dropped: Mapping[Key, list[str]],
) -> list[Change]:
    """Objects and definitions that came or changed, file by file; files that changed nothing."""
    hashes = {path: (known[path], file.source_hash) for path, file in executed.items()}
    definitions = defined.changes(hashes)
    found: list[Change] = []
    for path, file in executed.items():
        objects = [
            _object(before.get(now.key), now, path, hashes[path], dropped)
            for now, source in after.values()
            if source is file
            and (now.key not in before or before[now.key].fingerprint != now.fingerprint)
        ]
        mine = objects + [each for each in definitions if each.file == path]
        if not mine:
            action = "restate" if hashes[path][0] else "apply"
            mine = [Change("file", path, action, path, hashes[path])]
        found += mine
    return found


def _object(
    was: Stored | None, now: Stored, path: str, hashes: Hashes, dropped: Mapping[Key, list[str]]
) -> Change:
    if was is None:
        return Change(now.kind, now.identity, "create", path, hashes)
    return Change(
        now.kind,
        now.identity,
        "replace" if now.key in dropped else "change",
        path,
        hashes,
        change.attributes(was.attributes, now.attributes),
        change.body_diff(was.attributes, now.attributes, "on the server", path),
        tuple(dropped.get(now.key, ())),
    )
