"""The definitions that a file of SQL makes, as far as its text names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pgrota.lexing import blanked

KINDS = {
    "define_task": "task",
    "define_schedule": "schedule",
    "define_calendar": "calendar",
    "define_lane": "lane",
    "define_pipeline": "pipeline",
    "define_monitor": "monitor",
    "define_retention": "retention",
    "define_channel": "channel",
    "define_template": "template",
    "subscribe": "subscription",
    "watch_table": "watch",
}
KINDS_OF = frozenset(KINDS.values())
_CALL = re.compile(
    rf"\brota\s*\.\s*(?P<function>{'|'.join(KINDS)})\s*\("
    r"\s*(?:(?:name|target)\s*=>\s*)?'(?P<name>(?:[^']|'')*)'",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Definition:
    """A task, a schedule, ... by its kind and name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def definitions(text: str) -> list[Definition]:
    """What the file defines, in order, each once. A name that is computed is not seen."""
    code = blanked(text, strings=False)
    found = {
        Definition(KINDS[match["function"].lower()], match["name"].replace("''", "'")): None
        for match in _CALL.finditer(code)
    }
    return list(found)
