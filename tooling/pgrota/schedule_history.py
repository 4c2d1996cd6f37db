"""The history of a schedule: its slots, and what they come to."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median
from typing import Any

import click

from pgrota import output, schedule_page, zones
from pgrota.zones import Zone

OUTCOMES = ("started", "waiting", "skipped", "missed", "failed")
RESULTS = (*OUTCOMES, "queued", "running", "succeeded", "cancelled")
# From then on a slot is a misfire.
ON_TIME = timedelta(seconds=60)


def summary(slots: list[dict[str, Any]]) -> dict[str, Any]:
    """What the slots come to. One that stands for many counts as one, and `more` says so."""
    outcomes = Counter(slot["outcome"] for slot in slots)
    states = Counter(slot["run_state"] for slot in slots if slot["run_state"])
    took = [slot["took"] for slot in slots if slot["took"] is not None]
    started = [slot for slot in slots if slot["outcome"] == "started"]
    on_time = sum(slot["late"] <= ON_TIME for slot in started)
    return {
        "slots": len(slots),
        **{outcome: outcomes[outcome] for outcome in OUTCOMES if outcome != "failed"},
        "not_started": outcomes["failed"],
        "more": any(slot["through"] for slot in slots),
        "runs": dict(sorted(states.items())),
        "succeeded": states["succeeded"],
        "failed": states["failed"],
        "on_time": on_time,
        "on_time_share": round(on_time / len(started), 4) if started else None,
        "median_duration": median(took) if took else None,
        "longest_duration": max(took, default=None),
    }


def table(
    slots: list[dict[str, Any]], schedule: dict[str, Any], zone: Zone, titled: bool = True
) -> None:
    """A slot a line, the newest first."""
    own = zones.named(schedule["timezone"])
    shown = [_slot(slot, zone, own) for slot in slots]
    headings = {
        "slot": "slot", "own": "there", "became": "became", "late": "late",
        "run": "run", "took": "took", "why": "why", "by": "fired by",
    }  # fmt: skip
    filled = {k: words for k, words in headings.items() if any(str(row[k] or "") for row in shown)}
    if titled:
        schedule_page.times_in(zone, schedule["timezone"] if "own" in filled else None)
    whole = ("slot", "own", "became", "late", "run", "took")
    output.table(shown, columns=filled, whole=whole, expendable=("by",))


def _slot(slot: dict[str, Any], zone: Zone, own: Zone | None) -> dict[str, Any]:
    through = f"\nto {zone.local(slot['through']):%m-%d %H:%M}" if slot["through"] else ""
    late = slot["outcome"] != "skipped" and slot["late"] >= timedelta(seconds=1)
    return {
        "slot": zone.text(slot["slot"]) + through,
        "own": zone.beside(own, slot["slot"]),
        "became": schedule_page.coloured(schedule_page.result(slot["outcome"], slot["run_state"])),
        "late": slot["late"] if late else None,
        "run": slot["run_id"],
        "took": slot["took"],
        "why": slot["reason"],
        "by": slot["fired_by"],
    }


def summarise(found: dict[str, Any]) -> None:
    """The summary in three lines."""
    more = " and more" if found["more"] else ""
    kinds = ("started", "waiting", "skipped", "missed", "not_started")
    words = {"not_started": "could not be started"}
    parts = [f"{found[kind]} {words.get(kind, kind)}" for kind in kinds if found[kind]]
    total = f"{found['slots']}{more}: " if len(parts) > 1 or more else ""
    lines = {"slots": total + ", ".join(parts)}
    if found["runs"]:
        ends = ", ".join(f"{count} {state}" for state, count in found["runs"].items())
        lines["runs"] = ends
    if found["median_duration"] is not None:
        middle, longest = found["median_duration"], found["longest_duration"]
        lines["took"] = (
            f"{output.duration(middle)} in the median, {output.duration(longest)} at most"
        )
    if found["on_time_share"] is not None:
        share = 100 * found["on_time"] // found["started"]
        lines["on time"] = (
            f"{share} %: {found['on_time']} of {found['started']} started within a minute"
        )
    width = max(map(len, lines))
    for label, line in lines.items():
        click.echo(f"{click.style(f'{label:<{width}}', bold=True)}  {line}")
