"""The page of one subscription: where it stands, what it holds back, who reads for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click

from pgrota import grids, output, run_page, runs, schedule_page
from pgrota.zones import Zone

COLOURS = {"paused": "yellow", "failing": "red", "behind": "yellow", "on": "green"}
HELD = {
    "retrying": "to try again",
    "waiting": "waiting behind one of their key",
    "leased": "leased to consumers",
    "dead": "dead",
}


def state(row: dict[str, Any]) -> str:
    """In one word: on, paused, failing (nothing can be delivered), or behind its max_lag."""
    if row["paused"]:
        return "paused"
    if row["error"]:
        return "failing"
    return "behind" if row["lag"] > row["max_lag"] else "on"


def is_odd(row: dict[str, Any]) -> bool:
    """Whether it deserves a look."""
    return state(row) != "on" or row["retrying"] > 0 or row["dead"] > 0


def why(row: dict[str, Any], zone: Zone) -> str:
    """What goes with the state: until when, and the reason."""
    word = state(row)
    if word == "paused":
        return schedule_page.pause(row, zone).removeprefix("paused").removeprefix(":").strip()
    if word == "failing":
        return runs.reason(row["error"])
    return f"by more than {_length(row['max_lag'])}" if word == "behind" else ""


def _length(length: timedelta) -> str:
    """`24 h` where that is all."""
    return output.duration(length).removesuffix(" 0 min").removesuffix(" 0 h").removesuffix(" 0 s")


def lag(row: dict[str, Any]) -> Any:
    """How far it is behind; nothing where it has read all."""
    if not row["lag"]:
        return ""
    style = "red" if row["lag"] > row["max_lag"] else None
    return grids.cell(output.duration(row["lag"]), style)


def source(row: dict[str, Any]) -> str:
    """What it reads: `public.users INSERT, UPDATE`."""
    return " ".join(filter(None, (row["topic"], ", ".join(row["types"] or []))))


def one(row: dict[str, Any], places: list[dict[str, Any]], zone: Zone) -> None:
    """All about one subscription."""
    word, reason = state(row), why(row, zone)
    words = click.style(word, fg=COLOURS[word], bold=True) + (f" {reason}" if reason else "")
    click.echo(f"{click.style(row['name'], bold=True)}  {words}")
    schedule_page.times_in(zone)
    click.echo()
    output.fields({key: value for key, value in _about(row, places, zone) if value})
    if row["shards"] > 1:
        click.echo()
        shown = [_place(place, zone) for place in places]
        output.table(
            shown,
            columns=used(shown),
            title="shards",
            whole=("shard", "read_to", "next"),
        )


def _about(
    row: dict[str, Any], places: list[dict[str, Any]], zone: Zone
) -> Iterator[tuple[str, Any]]:
    yield "topic", source(row)
    yield "filter", row["filter"]
    if row["task"]:
        how = f"batches of {row['batch_size']:,}" if row["mode"] == "batch" else "each event"
        yield "task", f"{row['task']}  {how}"
    else:
        yield "task", "none: applications call rota.fetch_events"
    yield "order", "by key" if row["ordered"] else ""
    if len(places) == 1:
        yield "position", f"event {places[0]['read_to']}, {_moved(row, zone)}"
    else:
        yield "position", f"{len(places)} shards, {_moved(row, zone)}"
    yield "lag", _lag(row, zone)
    yield "delivered", f"{row['delivered']:,}"
    held = [f"{row[key]:,} {word}" for key, word in HELD.items() if row[key]]
    yield "held", ", ".join(held)
    if row["released_at"]:
        yield "log", f"not kept for it since {zone.text(row['released_at'])}"
    yield "defined", f"{zone.text(row['defined_at'])} by {row['defined_by']}"


def _moved(row: dict[str, Any], zone: Zone) -> str:
    return f"moved {zone.text(row['moved_at'], seconds=True)}"


def _lag(row: dict[str, Any], zone: Zone) -> str:
    if row["oldest_at"] is None:
        return "none: all has been read"
    most = f", at most {_length(row['max_lag'])} is allowed"
    since = zone.text(row["oldest_at"], seconds=True)
    return f"{output.duration(row['lag'])}, since {since}{most}"


def used(shown: list[dict[str, Any]]) -> list[str]:
    """The columns in which anything stands."""
    return [key for key in shown[0] if any(str(each[key] or "") for each in shown)]


def _place(place: dict[str, Any], zone: Zone) -> dict[str, Any]:
    return {
        "shard": place["shard"],
        "read_to": place["read_to"],
        "next": place["next_id"],
        "lag": place["lag"] if place["next_at"] else None,
        "delivered": grids.number(place["delivered"]),
        "moved": zone.text(place["moved_at"], seconds=True),
    }


def held(rows: list[dict[str, Any]], row: dict[str, Any], zone: Zone, now: datetime) -> None:
    """What is tried again, and why; then what waits behind it."""
    if not rows:
        return
    count = row["retrying"] + row["waiting"] + row["leased"]
    more = f", the first {len(rows)} of {count:,}" if count > len(rows) else ""
    shown = [
        {
            "event": each["event_id"],
            "key": each["key"],
            "attempts": each["attempts"],
            "next": _next_try(each, zone, now),
            "error": runs.reason(each["error"]),
        }
        for each in rows
    ]
    output.table(shown, columns=used(shown), title=f"held events{more}", whole=("event", "next"))


def _next_try(each: dict[str, Any], zone: Zone, now: datetime) -> str:
    if each["next_at"] is None:
        return "waits"
    if each["leased_by"]:
        return f"leased to {each['leased_by']}"
    ahead = each["next_at"] - now
    return f"in {output.duration(ahead)}" if ahead > timedelta() else "due"


def recent(rows: list[dict[str, Any]], row: dict[str, Any], zone: Zone, now: datetime) -> None:
    """The newest runs of the reader."""
    if not rows:
        return
    shown = [
        {
            "run": each["run_id"],
            "shard": str(each["shard"]) if row["shards"] > 1 else "",
            "state": grids.cell(each["state"], run_page.COLOURS.get(each["state"])),
            "started": zone.recent(each["started_at"], now),
            "took": runs.took(each, now),
            "events": each["rows_done"],
            "note": each["stop_reason"] or runs.reason(each["error"]),
        }
        for each in rows
    ]
    output.table(shown, columns=used(shown), title="runs of its reader", whole=("run", "started"))


def hints(row: dict[str, Any]) -> Iterator[str]:
    """What to type next."""
    name = row["name"]
    if row["dead"]:
        yield f"rota dead-letters list {name}"
    if row["paused"]:
        yield f"rota subscription resume {name}"
