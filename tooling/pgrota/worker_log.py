"""What a worker process says on stderr: a line for each start, stop and outage."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime

import click

from pgrota import log_lines, output
from pgrota.masking import mask

# The same trouble is said once in so many seconds.
QUIET = 60.0


class WorkerLog:
    """Says what happens, from any thread, in the form of log lines."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}
        self._down: set[str] = set()
        self._down_since = 0.0
        self._as_json = output.wants_json()

    def say(self, message: str, level: str = "info", component: str = "worker") -> None:
        line = {
            "at": datetime.now().astimezone(),
            "level": level,
            "component": component,
            "message": mask(message),
        }
        if self._as_json:
            text = json.dumps(line, default=output.plain, ensure_ascii=False)
        else:
            text = log_lines.one_line(line)
        with self._lock:
            click.echo(text, err=True)

    def trouble(self, message: str) -> None:
        """The same again within a minute is not worth a line."""
        now = time.monotonic()
        with self._lock:
            known = now - self._said.get(message, -QUIET) < QUIET
            self._said[message] = self._said[message] if known else now
        if not known:
            self.say(message, "warn")

    def lost(self, name: str, error: BaseException) -> None:
        """A connection went away. One line for all that go together."""
        with self._lock:
            is_first = not self._down
            self._down.add(name)
            if is_first:
                self._down_since = time.monotonic()
        if is_first:
            self.say(
                f"the connection of {name} was lost ({reason(error)}); connecting again", "warn"
            )

    def back(self, name: str) -> None:
        """It is there again; said when all are."""
        with self._lock:
            was_down = bool(self._down)
            self._down.discard(name)
            is_last = was_down and not self._down
        if is_last:
            self.say(f"connected again after {time.monotonic() - self._down_since:.1f} s")

    def forget(self, name: str) -> None:
        """Nobody waits for this connection any more."""
        with self._lock:
            self._down.discard(name)


def reason(error: BaseException) -> str:
    """The first line of an error; of a refused connection, what libpq said."""
    words = getattr(error, "detail", None) or str(error)
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
