"""How dead letters look in a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pgrota import event_page, output, run_page, runs, schedule_page
from pgrota.zones import Zone


def listing(rows: list[dict[str, Any]], zone: Zone, now: datetime, with_name: bool) -> None:
    """A line each, the newest first."""
    schedule_page.times_in(zone)
    shown = [
        {
            "subscription": row["subscription"] if with_name else "",
            "event": row["event_id"],
            "type": row["type"],
            "key": row["key"],
            "attempts": row["attempts"],
            "died": zone.recent(row["dead_at"], now),
            "error": runs.reason(row["error"]),
        }
        for row in rows
    ]
    headings = [key for key in shown[0] if any(str(each[key] or "") for each in shown)]
    output.table(
        shown, columns=headings, whole=("event", "died", "attempts"), expendable=("type", "key")
    )


def one(row: dict[str, Any], zone: Zone) -> None:
    """A dead letter with its error and the event as the handler was given it."""
    words = click.style("dead letter", fg="red", bold=True)
    click.echo(f"{words}  event {row['event_id']} of subscription {row['subscription']}")
    schedule_page.times_in(zone)
    click.echo()
    about = {
        "topic": f"{row['topic']}  {row['type']}",
        "key": row["key"],
        "failed": zone.text(row["held_at"], seconds=True),
        "died": f"{zone.text(row['dead_at'], seconds=True)}, attempts: {row['attempts']}",
    }
    output.fields({key: value for key, value in about.items() if value})
    click.secho("\nerror", fg="red", bold=True)
    for line in run_page.error_lines(row["error"] or {}):
        click.echo(line)
    event_page.document("event", row["event"])
