"""How events look in a terminal: a line each, or one with all that is in it."""

from __future__ import annotations

import json
import re
import textwrap
from datetime import date, datetime
from typing import Any

import click

from pgrota import grids, output, schedule_page
from pgrota.zones import Zone

COLOURS = {"INSERT": "green", "UPDATE": "yellow", "DELETE": "red", "TRUNCATE": "red"}
OTHER = "cyan"
LONGEST = 2000
ROOM, GAP = 30, 3
NONE = "no events"


def colour(event: dict[str, Any]) -> str:
    """Of the type: an operation has its own."""
    return COLOURS.get(event["type"], OTHER) if event.get("table_name") else OTHER


def summary(event: dict[str, Any]) -> str:
    """What an event says, in a line: `status: draft → published` of an UPDATE, else the data."""
    new, old = event["record"], event["old_record"]
    if isinstance(new, dict) and isinstance(old, dict):
        changed = [
            f"{name}: {_bare(old.get(name))} → {_bare(new.get(name))}"
            for name in new
            if new.get(name) != old.get(name)
        ]
        return ", ".join(changed)
    data = next((each for each in (new, old, event["payload"]) if each is not None), None)
    return flat(data) if data is not None else ""


def _bare(value: Any) -> str:
    """A plain word without quotes, where it cannot be taken for something else."""
    if isinstance(value, str) and re.fullmatch(r"[^\W\d][\w.@:/+-]*", value):
        return flat(value) if value in ("null", "true", "false") else value
    return flat(value)


def flat(value: Any) -> str:
    """JSON on one line."""
    text = json.dumps(value, default=output.plain, ensure_ascii=False)
    return output.printable(text)


def listing(rows: list[dict[str, Any]], zone: Zone, now: datetime) -> None:
    """A table of events, each cut to its line where somebody looks."""
    if not rows:
        click.echo(NONE)
        return
    schedule_page.times_in(zone)
    shown = [
        {
            "event": row["event_id"],
            "at": _when(row["at"], zone, now),
            "topic": row["topic"],
            "type": grids.cell(row["type"], colour(row)),
            "key": row["key"],
            "data": summary(row),
        }
        for row in rows
    ]
    headings = [key for key in shown[0] if any(str(row[key] or "") for row in shown)]
    rest = _rest(shown, headings)
    if rest >= ROOM:
        for row in shown:
            row["data"] = cut(row["data"], rest)
    else:
        headings.remove("type")
        for row in shown:
            row["topic"] = grids.cell(row["topic"] + "\n").append_text(row["type"])
        rest = max(_rest(shown, headings), ROOM)
        for row in shown:
            row["data"] = _two_lines(row["data"], rest)
    output.table(shown, columns=headings, whole=("event", "at", "type"))


def _rest(shown: list[dict[str, Any]], headings: list[str]) -> int:
    """The room that the other columns leave for the data."""
    narrow = [key for key in headings if key != "data"]
    return output.console().width - grids.width(shown, narrow) - GAP


def _two_lines(words: str, width: int) -> str:
    lines = textwrap.wrap(words, width) or [""]
    return "\n".join([*lines[:1], *([cut(" ".join(lines[1:]), width)] if lines[1:] else [])])


def _when(at: datetime, zone: Zone, now: datetime) -> str:
    local = zone.local(at)
    same_day = local.date() == zone.local(now).date()
    return f"{local:%H:%M:%S}" if same_day else f"{local:%m-%d %H:%M:%S}"


def cut(words: str, width: int) -> str:
    """So much of a line as there is room for."""
    return words if len(words) <= width else f"{words[: max(width - 1, 0)]}…"


class Stream:
    """Events as they come, a line each: cut to the screen where somebody looks, else whole."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.is_seen = not output.wants_json() and output.console().is_terminal
        self._day: date | None = None

    def begin(self) -> None:
        if self.is_seen:
            schedule_page.times_in(self.zone)

    def say(self, event: dict[str, Any]) -> None:
        """One event; with --json one object on a line of its own."""
        if output.wants_json():
            click.echo(json.dumps(event, default=output.plain, ensure_ascii=False))
            return
        local = self.zone.local(event["at"])
        if not self.is_seen:
            stamp = local.isoformat(sep=" ", timespec="milliseconds")
        else:
            stamp = f"{local:%H:%M:%S}.{local.microsecond // 1000:03}"
            if local.date() != self._day:
                self._day = local.date()
                click.secho(f"{local:%a %Y-%m-%d}", dim=True)
        click.echo(self._line(event, stamp))

    def _line(self, event: dict[str, Any], stamp: str) -> str:
        head = [stamp, str(event["event_id"]), output.printable(event["topic"])]
        kind = output.printable(event["type"])
        key = f"key={output.printable(event['key'])}" if event["key"] is not None else ""
        data = summary(event)
        if self.is_seen:
            taken = sum(len(word) + 1 for word in (*head, kind, key) if word)
            data = cut(data, output.console().width - taken)
        words = [
            click.style(head[0], dim=True), *head[1:], click.style(kind, fg=colour(event)),
            click.style(key, fg="cyan") if key else "", data,
        ]  # fmt: skip
        return " ".join(word for word in words if word)


def one(event: dict[str, Any], zone: Zone) -> None:
    """All that is in one event."""
    kind = click.style(output.printable(event["type"]), fg=colour(event), bold=True)
    topic = output.printable(event["topic"])
    title = click.style(f"event {event['event_id']}", bold=True)
    click.echo(f"{title}  {topic}  {kind}")
    schedule_page.times_in(zone)
    click.echo()
    about = {"at": zone.text(event["at"], seconds=True), "key": event["key"]}
    if event["table_name"]:
        about["table"] = f"{event['schema_name']}.{event['table_name']}"
    output.fields({key: value for key, value in about.items() if value is not None})
    for title in ("payload", "record", "old_record"):
        if event[title] is not None:
            document(title.replace("_", " "), event[title], event)


def document(title: str, value: Any, event: dict[str, Any] | None = None) -> None:
    """JSON below its title; of an UPDATE, what has changed stands out."""
    click.secho(f"\n{title}", bold=True)
    new, old = (event or {}).get("record"), (event or {}).get("old_record")
    pair = isinstance(value, dict) and isinstance(new, dict) and isinstance(old, dict)
    spread = json.dumps(value, default=output.plain, ensure_ascii=False, indent=2)
    lines = output.printable(spread[:LONGEST]).splitlines()
    changed = {name for name in value if new.get(name) != old.get(name)} if pair else set()
    for line in lines:
        name = line[2:].partition('":')[0].removeprefix('"') if line.startswith('  "') else None
        click.echo(click.style(line, fg="yellow") if name in changed else line)
    if len(spread) > LONGEST:
        click.echo(f"... {len(spread):,} characters in all: --json shows them")
