"""What a deploy does, a line each, and what differs between two states of a thing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fields = dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Change:
    """One line of what a deploy does."""

    kind: str
    name: str
    action: str
    file: str | None = None
    source: tuple[str | None, str | None] = (None, None)
    fields: Fields = field(default_factory=dict)
    diff: tuple[str, ...] = ()
    dependants: tuple[str, ...] = ()

    def as_json(self) -> dict:
        found = {"kind": self.kind, "name": self.name, "action": self.action, "file": self.file}
        if self.source != (None, None):
            found["source"] = {"from": self.source[0], "to": self.source[1]}
        if self.fields:
            found["fields"] = fields_as_json(self.fields)
        if self.diff:
            found["diff"] = "\n".join(self.diff)
        if self.dependants:
            found["dependants"] = list(self.dependants)
        return {key: value for key, value in found.items() if value is not None}


def fields_as_json(fields: Fields) -> dict:
    """The fields that differ, each with both of its values."""
    return {name: {"from": was, "to": now} for name, (was, now) in fields.items()}


def differing(was: Mapping[str, Any], now: Mapping[str, Any]) -> Fields:
    """The fields of which both know and whose values are not the same.

    A field that only one of them has came or went with a version of rota.
    """
    return {
        name: (was[name], now[name])
        for name in sorted(was.keys() & now.keys())
        if was[name] != now[name]
    }


def attributes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Fields:
    """What differs beside the body."""
    found = differing(was, now)
    found.pop("body", None)
    return found


def body_diff(was: Mapping[str, Any], now: Mapping[str, Any], before: str, after: str) -> tuple:
    """A unified diff of two bodies."""
    return unified(was.get("body"), now.get("body"), before, after)


def unified(was: str | None, now: str | None, before: str, after: str) -> tuple[str, ...]:
    """A unified diff of two texts; nothing where one is not known."""
    if was is None or now is None or was == now:
        return ()
    lines = difflib.unified_diff(
        was.strip("\n").splitlines(), now.strip("\n").splitlines(), before, after, lineterm=""
    )
    return tuple(lines)


def shown(value: Any) -> str:
    """A value of a field as one reads it."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
