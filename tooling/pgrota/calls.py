"""The definitions that a file of SQL makes, as far as its text names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
# A string is kept: the name stands in it.
_TOKEN = re.compile(
    r"""
      (?P<string>'(?:[^']|'')*')
    | --[^\n]* | /\*.*?\*/ | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    """,
    re.DOTALL | re.VERBOSE,
)
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


def blanked(text: str, strings: bool = True) -> str:
    """The text without comments and dollar-quoted parts, and without strings if they shall go too.

    Every line stays where it is.
    """

    def blank(match: re.Match[str]) -> str:
        if match["string"] and not strings:
            return match[0]
        return re.sub(r"[^\n]", " ", match[0])

    return _TOKEN.sub(blank, text)
