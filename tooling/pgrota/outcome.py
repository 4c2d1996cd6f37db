"""What a deploy did, or would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pgrota.change import Change
from pgrota.drift import Drift


@dataclass
class Outcome:
    """What a deploy did, or would do."""

    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    deploy_ids: list[int] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    drained: bool = False
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return bool(self.changes)

    def as_json(self) -> dict[str, Any]:
        return {
            "changed": self.changed,
            "changes": [change.as_json() for change in self.changes],
            "notes": self.notes,
            "drift": [each.as_json() for each in self.drift],
            "deploy_ids": self.deploy_ids,
            "drained": self.drained,
            "seconds": round(self.seconds, 3),
        }
