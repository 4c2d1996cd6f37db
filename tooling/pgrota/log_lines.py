"""Log lines: reading them, and `[timestamp] [LEVEL] [component] message context`."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from pgrota import output
from pgrota.database import Database

LEVELS = ("debug", "info", "warn", "error")
COLOURS = {"debug": "bright_black", "warn": "yellow", "error": "red"}
INDENT = "    "

# A line takes its number before its transaction commits, so smaller ones may turn up later: so many
# lines back at first, and so many seconds.
OVERLAP = 1000
PATIENCE = 10.0

QUERY = """
select l.log_id, l.at, l.level, l.component, l.message, l.context, l.run_id, l.task, l.attempt
from rota.logs as l
where (%(run_id)s::bigint is null or l.run_id = %(run_id)s)
  and (%(task)s::text is null or l.task = %(task)s)
  and l.level = any(%(levels)s)
  and (%(since)s::timestamptz is null or l.at >= %(since)s)
  and l.log_id > %(after)s
order by l.log_id desc
limit %(limit)s
"""


def from_level(level: str | None) -> list[str]:
    """This level and the more serious ones."""
    return list(LEVELS[LEVELS.index(level or LEVELS[0]) :])


def one_line(line: Mapping[str, Any], with_run: bool = True) -> str:
    """A line as it is shown. Further lines of a message stand below the first."""
    context = dict(line.get("context") or {})
    if context.get("component") == line.get("component"):
        context.pop("component", None)
    level = line["level"]
    first, *rest = output.printable(line["message"]).splitlines() or [""]
    words = [
        click.style(f"[{stamp(line['at'])}]", dim=True),
        click.style(f"[{level.upper()}]", fg=COLOURS.get(level), bold=level == "error"),
        f"[{line.get('component') or 'rota'}]",
        first,
    ]
    if with_run and line.get("run_id") is not None:
        words.append(click.style(f"run={line['run_id']}", fg="cyan"))
    if context:
        document = output.printable(json.dumps(context, ensure_ascii=False))
        words.append(click.style(document, dim=True))
    return "\n".join([" ".join(words), *(f"{INDENT}{more}" for more in rest)])


def stamp(at: datetime) -> str:
    """A point in time to the millisecond."""
    return at.isoformat(sep=" ", timespec="milliseconds")


class LogReader:
    """The newest lines that somebody asked for, and then those that come."""

    def __init__(self, database: Database, **wanted: Any) -> None:
        self.database = database
        self.wanted = {"run_id": None, "task": None, "levels": list(LEVELS), "since": None} | wanted
        self._seen: set[int] = set()
        self._floor = 0
        self._marks: deque[tuple[float, int]] = deque()

    def last(self, count: int) -> list[dict[str, Any]]:
        """The newest so many lines, in order."""
        rows = self._read(max(count, OVERLAP))
        self._floor = rows[0]["log_id"] - 1 if rows else 0
        return rows[-count:] if count else []

    def more(self) -> list[dict[str, Any]]:
        """The lines that have come since."""
        known = set(self._seen)
        rows = [row for row in self._read(None) if row["log_id"] not in known]
        while self._marks and self._marks[0][0] < time.monotonic() - PATIENCE:
            self._floor = max(self._floor, self._marks.popleft()[1])
        self._seen = {log_id for log_id in self._seen if log_id > self._floor}
        return rows

    def _read(self, limit: int | None) -> list[dict[str, Any]]:
        bounds = {"after": self._floor, "limit": limit}
        rows = self.database.rows(QUERY, self.wanted | bounds)[::-1]
        self._seen.update(row["log_id"] for row in rows)
        if rows:
            self._marks.append((time.monotonic(), rows[-1]["log_id"]))
        return rows


def echo(line: Mapping[str, Any], with_run: bool = True) -> None:
    """Print one line; with --json one object on a line of its own."""
    if output.wants_json():
        click.echo(json.dumps(dict(line), default=output.plain, ensure_ascii=False))
    else:
        click.echo(one_line(line, with_run))
