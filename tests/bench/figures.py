"""What was measured, as tables for people and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table as Grid

from pgrota.output import console

median = statistics.median


@dataclass
class Table:
    """One table of figures, with what must be known to read them."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: Any) -> None:
        self.rows.append(cells)

    def show(self) -> None:
        grid = Grid(title=self.title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for place, name in enumerate(self.columns):
            numeric = all(isinstance(row[place], int | float) for row in self.rows)
            grid.add_column(name, justify="right" if numeric else "left", overflow="fold")
        for row in self.rows:
            grid.add_row(*map(_text, row))
        console().print(grid)
        for note in self.notes:
            console().print(f"  {note}")
        console().print()

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": self.notes,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)
