"""How a demonstration looks: labelled lines, a moving bar where somebody watches, small tables."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from pgrota import output
from pgrota.masking import mask

LABEL = 12


class Bar:
    """Rows done of rows in all: a bar on a terminal, a line for each third elsewhere."""

    def __init__(self, stage: Stage, progress: Progress | None) -> None:
        self._stage = stage
        self._progress = progress
        self._task: TaskID | None = None
        self._told = 0
        self._first: tuple[float, int] | None = None

    def show(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        self._first = self._first or (now, done)
        seconds, rows = now - self._first[0], done - self._first[1]
        rate = f"{round(rows / seconds, -3):,.0f} rows/s" if seconds > 0.2 else ""
        words = f"{what}: {done:,} of about {total:,}"
        if self._progress is not None:
            if self._task is None:
                # Not before: a bar without a task leaves empty lines behind.
                self._progress.start()
                self._task = self._progress.add_task("", words="", rate="")
            self._progress.update(self._task, completed=done, total=total, words=words, rate=rate)
        elif total and done * 3 // total > self._told:
            self._told = done * 3 // total
            self._stage.line("", ", ".join(filter(None, (words, rate))))

    def restart(self) -> None:
        """Count the rate from here."""
        self._first = None


class Stage:
    """Where the demo is shown."""

    def __init__(self, stderr: bool = False) -> None:
        self.console: Console = output.console(stderr=stderr)
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.started

    def line(self, label: str, text: str, style: str = "") -> None:
        """A label and what there is to say; further lines stand below the first."""
        first, *rest = mask(text).splitlines() or [""]
        self.console.print(Text.assemble((f"{label:<{LABEL}}", "bold cyan"), (first, style)))
        for more in rest:
            self.console.print(Text.assemble(" " * LABEL, (more, style)))

    def heading(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(text, style="bold"))

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        grid = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for key in rows[0]:
            numbers = all(isinstance(row[key], int | Decimal | None) for row in rows)
            grid.add_column(
                key.replace("_", " "), justify="right" if numbers else "left", overflow="fold"
            )
        for row in rows:
            grid.add_row(*map(self._cell, row.values()))
        self.console.print(Padding(grid, (0, 0, 0, 2), expand=False))

    def commands(self, commands: Mapping[str, str]) -> None:
        # Whoever came by tooling/demo has the command in .venv alone.
        if shutil.which("rota") is None:
            commands = {f".venv/bin/{command}": purpose for command, purpose in commands.items()}
        width = max(map(len, commands))
        for command, purpose in commands.items():
            self.console.print(Text.assemble("  ", (f"{command:<{width}}", "bold"), f"  {purpose}"))

    @contextmanager
    def bar(self) -> Iterator[Bar]:
        if not self.console.is_terminal:
            yield Bar(self, None)
            return
        columns = (
            TextColumn(" " * (LABEL - 1)),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[words]}", markup=False),
            TextColumn("{task.fields[rate]}", markup=False, style="dim"),
        )
        progress = Progress(*columns, console=self.console, transient=True)
        try:
            yield Bar(self, progress)
        finally:
            progress.stop()

    @staticmethod
    def _cell(value: Any) -> str:
        return f"{value:,}" if isinstance(value, int) else output.text(value)
