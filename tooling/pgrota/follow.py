"""Watching a run until it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from typing import Any

import click
import psycopg

from pgrota import errors, log_lines, output, run_page, runs, steps
from pgrota.database import Database

INTERVAL = 0.3
# A run that nobody takes so long makes one wonder.
LONG_WAIT = 10.0
OUTAGE = 60.0
# Title, headings and the line below take so many lines of the screen.
BESIDE_STEPS = 7
MOST_SIGNALS = 3


def follow(database: Database, run_id: int, interval: float = INTERVAL) -> int:
    """Show state, attempts, progress and log lines as they come; 0 when the run succeeded, else 1.

    Ctrl-C leaves the run alone.
    """
    watch = Watch(database, run_id)
    try:
        with _screen(watch) as refresh:
            while True:
                began = time.monotonic()
                if runs.is_over(watch.look()):
                    break
                refresh()
                # Looking at a run with much output costs the server something.
                time.sleep(max(interval, 5 * (time.monotonic() - began)))
            refresh()
    except KeyboardInterrupt:
        output.progress(
            f"\nrun {run_id} goes on without you. Look again: rota run follow {run_id};"
            f" stop it: rota run cancel {run_id}"
        )
        return 130
    return watch.end()


class Watch:
    """What has been told of a run, and what is new."""

    def __init__(self, database: Database, run_id: int) -> None:
        self.database = database
        self.run_id = run_id
        self.run: dict[str, Any] = {}
        self.say: Callable[[str], None] = click.echo
        self.is_live = False
        self._told: dict[str, Any] = {}
        self._lines: set[int] = set()
        self._since = time.monotonic()
        self._warned = False

    def look(self) -> dict[str, Any]:
        """Read the run and say what is new."""
        self.run = self._read()
        if not output.wants_json():
            self._tell()
        return self.run

    def end(self) -> int:
        """The last words, and the exit code."""
        run = self.run
        if output.wants_json():
            output.data(run)
        else:
            click.echo(self._summary())
            if run.get("steps") and self.is_live:
                steps.show(run)
            if run["state"] == "failed":
                click.echo(f"next: rota run show {self.run_id}")
        return errors.OK if run["state"] == "succeeded" else errors.ERROR

    def _read(self) -> dict[str, Any]:
        """The run, also when the server is away for a while."""
        lost = None
        while True:
            try:
                run = runs.find(self.database, self.run_id)
            except (psycopg.OperationalError, errors.CannotConnect) as error:
                if not self.run or (lost and time.monotonic() - lost > OUTAGE):
                    raise
                if lost is None:
                    lost = time.monotonic()
                    first = str(error).strip().splitlines()[0]
                    self.say(f"the server is away ({first}); looking again")
                self.database.close()
                time.sleep(0.5)
            else:
                if lost:
                    self.say("the server is back")
                return run

    def _tell(self) -> None:
        run = self.run
        for line in run["log"]:
            if line["log_id"] not in self._lines:
                self._lines.add(line["log_id"])
                self.say(log_lines.one_line(line, with_run=False))
        for attempt in run["attempts"]:
            number = (attempt["attempt"], attempt["outcome"])
            if attempt["outcome"] not in ("running", "succeeded") and self._is_new(number):
                self.say(_ended(attempt))
        if not runs.is_over(run) and self._is_new(
            (run["state"], run["attempt"], run["run_at"], run["stop_reason"])
        ):
            self._since = time.monotonic()
            self.say(f"run {self.run_id} of {run['task']} {self._state()}")
        if not self.is_live:
            self._tell_progress()
            self._tell_steps()
        self._wonder()

    def _is_new(self, fact: tuple) -> bool:
        known = fact in self._told
        self._told[fact] = True
        return not known

    def _state(self) -> str:
        words = run_page.state(self.run)
        if self.run["state"] == "running":
            words += f", attempt {self.run['attempt']}"
        return words

    def _tell_progress(self) -> None:
        done = runs.share(self.run)
        tenth = int(10 * done[0] / done[1]) if done else None
        if done and not runs.is_over(self.run) and self._is_new(("tenth", tenth)):
            self.say(f"{done[0]:,} of {done[1]:,} ({done[0] / done[1]:.0%}){_rows(self.run)}")

    def _tell_steps(self) -> None:
        for step in self.run.get("steps", []):
            fact = ("step", step["step"], step["state"], step["waits_for"], step["attempt"])
            if (step["state"] == "waiting" and not step["waits_for"]) or not self._is_new(fact):
                continue
            self.say(steps.told(self.run, step, datetime.now().astimezone()))

    def _wonder(self) -> None:
        run = self.run
        waits = run["state"] == "queued" and run["run_at"] <= datetime.now(run["run_at"].tzinfo)
        if waits and not self._warned and time.monotonic() - self._since > LONG_WAIT:
            self._warned = True
            self.say("still queued: is a worker there, is the task paused? rota doctor")

    def _summary(self) -> str:
        run = self.run
        words = f"run {self.run_id} {run_page.state(run)}"
        tried = [a["started_at"] for a in run["attempts"] if a["started_at"]]
        if run.get("steps") and run["started_at"]:
            tried.append(run["started_at"])
        if tried and run["finished_at"]:
            words += f" after {output.duration(run['finished_at'] - min(tried))}"
        if run["attempt"] > 1:
            words += f", {run['attempt']} attempts"
        words += _rows(run)
        if run["state"] == "failed" and run["error"]:
            where = f"step {run['error']['step']}: " if run["error"].get("step") else ""
            words += f": {where}{runs.reason(run['error'])}"
        return words


def _ended(attempt: dict[str, Any]) -> str:
    uncounted = "" if attempt["charged"] else ", not counted"
    words = f"attempt {attempt['attempt']} {attempt['outcome']}{uncounted}"
    reason = runs.reason(attempt.get("error"))
    return f"{words}: {reason}" if reason else words


def _rows(run: dict[str, Any]) -> str:
    return f", {run['rows_done']:,} rows" if run["rows_done"] else ""


def _screen(watch: Watch) -> Any:
    """A status line that moves, where somebody watches; else nothing."""
    if output.wants_json() or not sys.stdout.isatty():
        return nullcontext(lambda: None)
    return _LiveLine(watch)


class _LiveLine:
    """The state, a bar and the rows, below the lines that have been told."""

    def __init__(self, watch: Watch) -> None:
        from rich.live import Live

        self.watch = watch
        self.console = output.console()
        self.live = Live(console=self.console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Callable[[], None]:
        self.watch.is_live = True
        self.watch.say = self._say
        self.live.start()
        return self._refresh

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def _say(self, line: str) -> None:
        from rich.text import Text

        self.console.print(Text.from_ansi(line))

    def _refresh(self) -> None:
        self.live.update(self._status())

    def _status(self) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        run = self.watch.run
        grid = Table.grid(padding=(0, 2))
        cells: list[Any] = [f"run {run['run_id']}", run["state"]]
        if run["state"] == "running":
            now = datetime.now(run["started_at"].tzinfo)
            cells += [f"attempt {run['attempt']}", output.duration(max(now, run["started_at"])
                - run["started_at"])]  # fmt: skip
        done = runs.share(run)
        if done:
            cells.append(ProgressBar(total=done[1], completed=done[0], width=30))
            cells.append(f"{done[0]:,} of {done[1]:,} ({done[0] / done[1]:.0%})")
        if run["rows_done"]:
            cells.append(f"{run['rows_done']:,} rows")
        grid.add_row(*cells)
        if not run.get("steps"):
            return grid
        from rich.console import Group

        waits = [steps.signal(run["run_id"], step) for step in run["steps"] if step["waits_for"]]
        room = max(1, self.console.height - BESIDE_STEPS - min(len(waits), MOST_SIGNALS))
        table = steps.table(run, datetime.now().astimezone(), room)
        return Group(table, grid, *(f"next: {what}" for what in waits[:MOST_SIGNALS]))
