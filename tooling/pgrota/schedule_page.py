"""How schedules and their slots look in a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from pgrota import grids, output, stamps, zones
from pgrota.zones import Zone

NAME = 20
NONE = "no schedules: select rota.define_schedule(...);"
COLOURS = {
    "succeeded": "green", "failed": "red", "missed": "red", "running": "cyan", "queued": "cyan",
    "cancelled": "yellow", "skipped": "yellow", "waiting": "yellow", "paused": "yellow",
}  # fmt: skip


def times_in(zone: Zone, there: str | None = None) -> None:
    """Says once in which zone all times are, and in which those beside them."""
    beside = f", there: {there}" if there else ""
    click.secho(f"Times in {zone.name}{beside}", dim=True)


def listing(rows: list[dict[str, Any]], zone: Zone, now: datetime) -> None:
    """All schedules: a line each where that fits, else with the lesser things below the others."""
    if not rows:
        click.echo(NONE)
        return
    times_in(zone)
    cells = [_listed(row, zone, now) for row in rows]
    lines = [cell | {"next": grids.stack(cell["next"], cell["state"])} for cell in cells]
    headings = {
        "name": "name", "cron": "cron", "zone": "zone", "starts": "starts", "next": "next",
        "there": "in its zone", "last": "last", "became": "became",
    }  # fmt: skip
    filled = {key: words for key, words in headings.items() if any(str(row[key]) for row in lines)}
    whole = [key for key in filled if key not in ("starts", "became")]
    if grids.fits(lines, filled, whole):
        output.table(lines, columns=filled, whole=whole)
        return
    stacked = [
        {
            "name": "\n".join(textwrap.wrap(cell["name"], NAME)),
            "cron": grids.stack(cell["cron"], cell["zone"]),
            "next": grids.stack(
                cell["next"], cell["there"] and f"{cell['there']} there", cell["state"]
            ),
            "last": grids.stack(cell["last"], cell["became"]),
        }
        for cell in cells
    ]
    output.table(stacked, whole=("name", "next", "last"))


def _listed(row: dict[str, Any], zone: Zone, now: datetime) -> dict[str, Any]:
    became = result(row["last_outcome"], row["last_run_state"])
    if became == row["last_outcome"] and row["last_reason"]:
        became = f"{became}: {row['last_reason']}"
    return {
        "name": row["name"],
        "cron": row["cron"],
        "zone": row["timezone"],
        "starts": starts(row),
        "next": zone.text(row["next_start_at"]),
        "there": zone.beside(zones.named(row["timezone"]), row["next_start_at"]),
        "state": _paused(row, zone),
        "last": zone.recent(row["last_slot"], now),
        "became": coloured(became),
    }


def brief(row: dict[str, Any], zone: Zone, now: datetime) -> dict[str, Any]:
    """A schedule among other things: what comes, and what became of the last slot."""
    cell = _listed(row, zone, now)
    return {
        "name": cell["name"],
        "cron": cell["cron"],
        "next": grids.stack(cell["next"], cell["state"]),
        "last": cell["last"],
        "became": cell["became"],
    }


def _paused(row: dict[str, Any], zone: Zone) -> Any:
    cell = coloured(pause(row | {"pause_reason": None}, zone))
    return grids.stack(cell, row["pause_reason"]) if row["paused"] else cell


def result(outcome: str | None, run_state: str | None) -> str:
    """What became of a slot: the state of its run, or why there is none."""
    return (run_state or "started") if outcome == "started" else (outcome or "")


def coloured(words: str) -> Any:
    """A cell in the colour of the word that it begins with."""
    first = words.replace(":", " ").split()[:1]
    return grids.cell(words, COLOURS.get(first[0]) if first else None)


def starts(row: dict[str, Any]) -> str:
    """What a schedule starts: a task, or a command of pg_cron."""
    return row["task"] or " ".join(row["command"].split())


def pause(row: dict[str, Any], zone: Zone) -> str:
    """`paused until Fri 2026-01-02 14:00: stocktaking`, and nothing when it is not."""
    if not row["paused"]:
        return ""
    until = f" until {zone.text(row['paused_until'], seconds=False)}" if row["paused_until"] else ""
    reason = f": {row['pause_reason']}" if row["pause_reason"] else ""
    return f"paused{until}{reason}"


def one(row: dict[str, Any], zone: Zone) -> None:
    """All about one schedule."""
    state = pause(row, zone) or "on"
    click.echo(click.style(row["name"], bold=True) + "  " + _styled(state))
    own = zones.named(row["timezone"])
    moments = [row[key] for key in ("next_start_at", "last_slot") if row[key]]
    differs = any(zone.differs(own, at) for at in moments)
    times_in(zone, row["timezone"] if differs else None)
    click.echo()
    output.fields({key: value for key, value in _about(row, zone) if value})


def _about(row: dict[str, Any], zone: Zone) -> Iterator[tuple[str, str]]:
    yield "cron", f"{row['cron']}  in {row['timezone']}"
    yield "starts", f"task {row['task']}" if row["task"] else f"command {starts(row)}"
    yield "input", json.dumps(row["input"], ensure_ascii=False) if row["input"] else ""
    yield "next", with_own(row, row["next_start_at"], zone) or "none in sight"
    if row["calendar"]:
        excluded = row["next_at"] and row["next_at"] != row["next_start_at"]
        before = f", which excludes {zone.text(row['next_at'])}" if excluded else ""
        yield "calendar", row["calendar"] + before
    if row["last_slot"]:
        became = result(row["last_outcome"], row["last_run_state"])
        reason = f" ({row['last_reason']})" if row["last_reason"] else ""
        run = f", run {row['last_run_id']}" if row["last_outcome"] == "started" else ""
        yield "last", f"{with_own(row, row['last_slot'], zone)}: {became}{reason}{run}"
    if row["task"]:
        yield "overlap", row["overlap"]
        most = f", at most {row['max_catchup']}" if row["misfire"] == "run_all" else ""
        yield "misfire", row["misfire"] + most
    yield "deadline", row["deadline"] and f"{output.duration(row['deadline'])} without a success"
    yield "success", row["last_success_at"] and with_own(row, row["last_success_at"], zone)
    yield "doorbell", f"{row['doorbell']}  (pg_cron)" if row["doorbell"] else ""
    stamp = stamps.words(row)
    place = f", in {stamp}" if stamp else ""
    yield "defined", f"{zone.text(row['defined_at'])} by {row['defined_by']}{place}"


def missed(row: dict[str, Any], zone: Zone) -> str:
    """That a deadline is missed, in a sentence."""
    last = row["last_success_at"]
    words = f"has not succeeded since {zone.text(last)}" if last else "has never succeeded"
    return f"{row['schedule']} {words}; due by {zone.text(row['due_at'])}"


def with_own(row: dict[str, Any], at: datetime | None, zone: Zone) -> str:
    """A time, and in brackets what the clocks of the schedule's zone show."""
    own = zone.beside(zones.named(row["timezone"]), at)
    return zone.text(at) + (f" ({own} in {row['timezone']})" if own else "")


def coming(rows: list[dict[str, Any]], zone: Zone, name: str | None) -> None:
    """The next times, marked where nothing will start."""
    if not rows:
        click.echo("nothing will fire")
        return
    shown = []
    for row in rows:
        own = zone.beside(zones.named(row["timezone"]), row["at"])
        shown.append(
            {
                "at": zone.text(row["at"]),
                "own": own if name or not own else f"{own} {row['timezone']}",
                "schedule": row["name"],
                "cron": "" if name else row["cron"],
                "note": coloured(why_not(row, row["skipped"])),
            }
        )
    headings = {
        "at": "at",
        "schedule": "schedule",
        "own": "there" if name else "in its zone",
        "cron": "cron",
        "note": "note",
    }
    filled = {key: words for key, words in headings.items() if any(str(r[key]) for r in shown)}
    times_in(zone, rows[0]["timezone"] if name and "own" in filled else None)
    output.table(shown, columns=filled, whole=("at", "own"), expendable=("cron",))


def why_not(row: dict[str, Any], skipped: str | None) -> str:
    """Why nothing starts at a slot: `paused: stocktaking`."""
    if skipped == "paused":
        return f"paused: {row['pause_reason']}" if row["pause_reason"] else "paused"
    return f"calendar {row['calendar']}" if skipped == "calendar" else ""


def _styled(words: str) -> str:
    return click.style(words, fg=COLOURS.get(words.partition(" ")[0].rstrip(":"), "green"))


def calendars(rows: list[dict[str, Any]]) -> None:
    """Each calendar: its rules, a line each, and who goes by them."""
    shown = [
        {
            "name": row["name"],
            "excludes": "\n".join(_rule(rule) for rule in row["rules"]),
            "schedules": ", ".join(row["schedules"]),
        }
        for row in rows
    ]
    output.table(shown, empty="no calendars: select rota.define_calendar(...);")


def _rule(rule: dict[str, Any]) -> str:
    parts = [", ".join(rule[key]) for key in ("weekdays", "dates", "hours") if key in rule]
    return f"{' and '.join(parts)} ({rule.get('timezone', 'UTC')})"
