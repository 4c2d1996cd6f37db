"""Which objects a file of SQL creates, read from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pgrota.lexing import NAME, blanked, plain

_QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME})?"

_CREATE = re.compile(
    rf"""
    \bcreate \s+ (?:or \s+ replace \s+)?
    (?: (?P<routine>function|procedure) \s+ (?P<routine_name>{_QUALIFIED}) \s* \(
      | (?:recursive \s+)? (?:materialized \s+)? view \s+ (?:if \s+ not \s+ exists \s+)?
        (?P<view_name>{_QUALIFIED})
      | (?:constraint \s+)? trigger \s+ (?P<trigger>{NAME}) \b
        [^;]*? \b on \s+ (?P<trigger_table>{_QUALIFIED})
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Declared:
    """An object by kind and name. A trigger's name is `name on table`."""

    kind: str
    schema: str
    name: str
    table: str | None = None

    def __str__(self) -> str:
        if self.kind == "trigger":
            return f"trigger {self.name} on {self.schema}.{self.table}"
        return f"{self.kind} {self.schema}.{self.name}"


def declarations(text: str) -> list[Declared]:
    """What the file creates, in order, each once."""
    code = blanked(text)
    found: dict[Declared, None] = {}
    for match in _CREATE.finditer(code):
        if match["trigger"]:
            schema, table = _split(match["trigger_table"])
            found[Declared("trigger", schema, plain(match["trigger"]), table)] = None
        elif match["view_name"]:
            found[Declared("view", *_split(match["view_name"]))] = None
        else:
            found[Declared("function", *_split(match["routine_name"]))] = None
    return list(found)


def _split(qualified: str) -> tuple[str, str]:
    parts = [plain(part) for part in re.findall(NAME, qualified, re.IGNORECASE)]
    return (parts[0], parts[1]) if len(parts) == 2 else ("public", parts[0])
