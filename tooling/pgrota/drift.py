"""What others have made of what was deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pgrota import change, definitions
from pgrota.change import Fields
from pgrota.errors import DRIFT, Problem, few

MOST_NAMED = 10


@dataclass(frozen=True)
class Drift:
    """A thing that is not as the last deploy left it."""

    kind: str
    name: str
    project: str
    file: str | None
    what: str
    by: str | None = None
    at: datetime | None = None
    fields: Fields = field(default_factory=dict)
    diff: tuple[str, ...] = ()
    recorded: dict = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        known = [self.by and f"by {self.by}", self.at and f"at {self.at:%Y-%m-%d %H:%M:%S %Z}"]
        who = " ".join(part for part in known if part)
        place = f" of {self.file}" if self.file else ""
        return f"{self.kind} {self.name}{place}: {self.what}" + (f" {who}" if who else "")

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "project": self.project,
            "file": self.file,
            "what": self.what,
            "by": self.by,
            "at": self.at,
            "fields": change.fields_as_json(self.fields),
            "diff": "\n".join(self.diff),
        }


@dataclass(frozen=True)
class State:
    """Drift, and what nobody's files define."""

    drift: list[Drift]
    unmanaged: list[definitions.Definition]


class Drifted(Problem):
    """The server is not as the last deploy left it."""

    exit_code = DRIFT

    def __init__(self, found: Sequence[Drift]) -> None:
        super().__init__(
            "the server is not as the last deploy left it; nothing was changed",
            few(found, MOST_NAMED),
            "rota drift shows what differs. Put what you want of it into the files; then"
            " rota deploy --force makes the files' say hold",
        )
