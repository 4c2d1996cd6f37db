"""The page of one run: what happened, why, and what to type next."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from pgrota import log_lines, output, runs, subscriptions

COLOURS = {"succeeded": "green", "failed": "red", "running": "cyan", "cancelled": "yellow"}
LABEL = 11
WIDTH = 100
LONGEST = 2000
DELIVERY = "PL/pgSQL function rota_core.deliver("
OUR_FRAME = "PL/pgSQL function rota_core.run_batch("


def show(run: dict[str, Any]) -> None:
    """Print the page; with --json the run as it is."""
    if output.wants_json():
        output.data(run)
        return
    click.echo("\n".join(_lines(run)))
    if run.get("steps"):
        from pgrota import steps

        click.echo()
        steps.show(run)
    if run["attempts"] and not run.get("steps"):
        click.echo()
        rows = [_attempt(attempt) for attempt in run["attempts"]]
        shown = [key for key in rows[0] if key != "error" or any(row[key] for row in rows)]
        output.table(rows, columns=shown, title="attempts")
    if run["log"]:
        click.echo("log")
        for line in run["log"]:
            log_lines.echo(line, with_run=False)
        click.echo()
    elif not run["attempts"] and not run.get("steps"):
        click.echo()
    for command, what in _next(run):
        click.echo(f"{'next' if what is None else what}: {command}")


def short(at: datetime | None) -> str:
    """Month, day and time, for tables."""
    return f"{at:%m-%d %H:%M:%S}" if at else ""


def state(run: dict[str, Any]) -> str:
    """The state in its colour, and in words what it waits for."""
    word = click.style(run["state"], fg=COLOURS.get(run["state"]), bold=True)
    if run["state"] == "running" and run.get("stop_reason"):
        return f"{word}, being stopped ({run['stop_reason']})"
    if run["state"] == "queued" and run["attempt"]:
        return f"{word} for its next attempt, due {output.text(run['run_at'])}"
    return word


def _lines(run: dict[str, Any]) -> Iterator[str]:
    yield click.style(f"run {run['run_id']}", bold=True) + f"  {run['task']}  {state(run)}"
    yield ""
    yield from _field("input", _document(run["input"]))
    yield from _field("key", run["key"])
    yield from _field("tags", ", ".join(run["tags"] or []))
    yield from _field("lane", f"{run['lane']}, priority {run['priority']}")
    yield from _field("created", f"{output.text(run['created_at'])} by {run['created_by']}")
    reader = subscriptions.of_reader(run["task"])
    if reader is None:
        yield from _field("origin", run["origin"])
    else:
        yield from _field("reads for", f"subscription {reader}")
    if run["step"]:
        element = "" if run["element"] is None else f", element {run['element']}"
        yield from _field("step", f"{run['step']}{element} of run {run['parent_run_id']}")
    else:
        yield from _field("parent run", run["parent_run_id"])
    if run["run_at"] != run["created_at"] and not run["attempt"]:
        yield from _field("due", run["run_at"])
    yield from _times(run)
    done = runs.share(run)
    if done:
        yield from _field("progress", "{:,} of {:,} ({:.0%})".format(*done, done[0] / done[1]))
    elif run["progress"]:
        yield from _field("progress", _document(run["progress"]))
    yield from _field(
        "events" if reader else "rows",
        f"{run['rows_done']:,}" if run["rows_done"] is not None else None,
    )
    yield from _field("output", _document(run["output"]))
    yield from _error(run)


def _times(run: dict[str, Any]) -> Iterator[str]:
    first = min((a["started_at"] for a in run["attempts"] if a["started_at"]), default=None)
    if run.get("steps"):
        first = run["started_at"]
    if first:
        waited = first - (run["created_at"] if run["attempt"] > 1 else run["run_at"])
        words = f"{output.text(first)} after {output.duration(abs(waited))}"
        yield from _field("started", words)
    if run["finished_at"]:
        words = output.text(run["finished_at"])
        if first:
            words += f", {output.duration(run['finished_at'] - first)} after its start"
        yield from _field("finished", words)
    elif run["state"] == "running" and run["started_at"]:
        now = datetime.now(run["started_at"].tzinfo)
        yield from _field("running", f"for {output.duration(max(now, first or now) - first)}")


def _error(run: dict[str, Any]) -> Iterator[str]:
    error = run["error"]
    if not error or run["state"] == "succeeded":
        return
    yield ""
    where = f" of step {error['step']}" if error.get("step") else ""
    heading = ("error" if runs.is_over(run) else "last error") + where
    yield click.style(heading, fg="red", bold=True)
    yield from error_lines(error)


def error_lines(error: dict[str, Any]) -> Iterator[str]:
    """What went wrong and where, as far as that is the handler's."""
    for name in ("sqlstate", "message", "detail", "hint", "context"):
        value = error.get(name)
        if name == "sqlstate":
            value = with_condition(value)
        elif name == "context":
            value = _own_part(value)
        yield from _field(f"  {name}", value)


def with_condition(sqlstate: str | None) -> str | None:
    """A code with the name of its condition: `23505 unique_violation`."""
    import re

    from psycopg.errors import lookup

    try:
        name = lookup(sqlstate or "").__name__
    except KeyError:
        return sqlstate
    return f"{sqlstate} {re.sub(r'(?<!^)(?=[A-Z])', '_', name).lower()}"


def _own_part(context: str | None) -> str | None:
    """The part of a call stack that is the handler's."""
    own, delivered, _ = f"\n{context or ''}".partition(f"\n{DELIVERY}")
    if delivered:
        # What it was called by is ours, too.
        own = own.rpartition('\nSQL statement "')[0] or own
    return own.partition(f"\n{OUR_FRAME}")[0].removeprefix("\n") or None


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    length = runs.took(attempt)
    if length is None and attempt["started_at"]:
        length = datetime.now(attempt["started_at"].tzinfo) - attempt["started_at"]
    return {
        "attempt": attempt["attempt"],
        "outcome": attempt["outcome"],
        "charged": attempt["charged"],
        "started": short(attempt["started_at"]),
        "duration": length,
        "worker": attempt["worker_id"],
        "error": runs.reason(attempt.get("error")),
    }


def step_note(run: dict[str, Any]) -> str:
    """What went wrong, and in which step."""
    error = run["error"] or {}
    step = error.get("step")
    return f"{step}: {runs.headline(error)}" if step else runs.headline(error)


def _next(run: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    run_id = run["run_id"]
    if run.get("artifacts"):
        yield f"rota run artifacts {run_id}", f"what it kept ({len(run['artifacts'])})"
    if run["step"]:
        yield f"rota run show {run['parent_run_id']}", "the run it belongs to"
        if runs.is_over(run):
            return
    if run.get("steps"):
        from pgrota import steps

        yield from steps.advice(run)
    reader = subscriptions.of_reader(run["task"])
    if reader:
        yield f"rota subscription show {reader}", None
    if run["state"] in ("failed", "cancelled"):
        yield f"rota run retry {run_id}", None
    elif run["state"] == "queued":
        yield f"rota run follow {run_id}", None
        if run["attempt"]:
            yield f"rota run retry {run_id}", "to have it at once"
    elif run["state"] == "running":
        yield f"rota run follow {run_id}", None
        yield f"rota run cancel {run_id}", "to stop it"


def _document(value: Any) -> str | None:
    """JSON on one line where it fits, else spread out."""
    if value is None:
        return None
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= WIDTH - LABEL:
        return flat
    spread = json.dumps(value, ensure_ascii=False, indent=2)
    if len(spread) <= LONGEST:
        return spread
    return f"{spread[:LONGEST]}\n... {len(flat):,} characters in all: --json shows them"


def _field(label: str, value: Any) -> Iterator[str]:
    """A label and its value, wrapped below itself."""
    text = output.text(value)
    if not text:
        return
    lines = [
        piece
        for line in text.splitlines()
        for piece in textwrap.wrap(
            line, WIDTH - LABEL, replace_whitespace=False, drop_whitespace=False
        )
        or [""]
    ]
    yield f"{label:<{LABEL}}{lines[0]}"
    for line in lines[1:]:
        yield f"{'':<{LABEL}}{line}"
