"""A list of subscriptions, as wide as the terminal lets it."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from pgrota import grids, output, subscription_page
from pgrota.zones import Zone

NONE = "no subscriptions: select rota.subscribe(...);"
NAME = 24
HELD_COLOURS = {"dead": "red"}


def listing(rows: list[dict[str, Any]], zone: Zone, title: str | None = None) -> None:
    """A line each where that fits, else with the lesser things below the others."""
    if not rows:
        click.echo(NONE)
        return
    lines = [_listed(row, zone) for row in rows]
    filled = subscription_page.used(lines)
    if grids.width(lines, filled) <= output.console().width:
        output.table(lines, columns=filled, title=title)
        return
    width = max(
        len(line)
        for row in rows
        for part in (row["name"], subscription_page.source(row))
        for line in textwrap.wrap(part, NAME)
    )
    stacked = [
        {
            "name": grids.stack(
                _wrapped(row["name"], width), _wrapped(subscription_page.source(row)), _taker(row)
            ),
            "delivered": line["delivered"],
            "lag": line["lag"],
            "held": grids.stack(*(_held(row, key) for key in reversed(subscription_page.HELD))),
            "state": line["state"],
        }
        for row, line in zip(rows, lines, strict=True)
    ]
    output.table(
        stacked,
        columns=subscription_page.used(stacked),
        title=title,
        whole=("name", "delivered", "lag"),
    )


def _listed(row: dict[str, Any], zone: Zone) -> dict[str, Any]:
    word = subscription_page.state(row)
    counts = {
        key: grids.number(row[key] or None, HELD_COLOURS.get(key)) for key in subscription_page.HELD
    }
    return {
        "name": row["name"],
        "topic": grids.stack(row["topic"], ", ".join(row["types"] or [])),
        "task": "" if row["task"] == row["name"] else row["task"] or "(fetched)",
        "delivered": grids.number(row["delivered"]),
        "lag": subscription_page.lag(row),
        **counts,
        "state": grids.stack(
            grids.cell(word, subscription_page.COLOURS[word]), subscription_page.why(row, zone)
        ),
    }


def _wrapped(words: str, width: int = 0) -> str:
    first, *others = textwrap.wrap(words, NAME)
    return "\n".join([first.ljust(width), *others])


def _taker(row: dict[str, Any]) -> str:
    if row["task"] is None:
        return "(fetched)"
    return "" if row["task"] == row["name"] else f"to {row['task']}"


def _held(row: dict[str, Any], key: str) -> Any:
    return row[key] and grids.cell(f"{row[key]:,} {key}", HELD_COLOURS.get(key))
