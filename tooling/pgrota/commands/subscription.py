"""`rota subscription`: who reads the event log, how far, and what holds them up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pgrota import (
    events,
    moments,
    output,
    pauses,
    similar,
    subscription_list,
    subscription_page,
    subscriptions,
)
from pgrota.database import Database, pass_database
from pgrota.rights import needs
from pgrota.zones import Zone, zone_option

MOST_COUNTED = 10_000


@click.group(epilog="Example: rota subscription show welcome")
def subscription() -> None:
    """List, show, pause, resume and replay subscriptions."""


@subscription.command("list", epilog="Example: rota subscription list --zone Europe/Berlin")
@zone_option
@pass_database
@needs("rota_reader")
def list_(database: Database, zone: Zone) -> None:
    """Every subscription: what it reads, how far behind it is, what it could not deliver."""
    rows = database.rows(subscriptions.LIST)
    if output.wants_json():
        output.data(rows)
    else:
        subscription_list.listing(rows, zone)


@subscription.command(epilog="Example: rota subscription show welcome --runs 10")
@click.argument("name")
@click.option(
    "--runs", "count", type=click.IntRange(0), default=5, show_default=True,
    help="The newest so many of its reader.",
)  # fmt: skip
@click.option(
    "--held", "most", type=click.IntRange(0), default=10, show_default=True,
    help="So many events that wait for an attempt.",
)  # fmt: skip
@zone_option
@pass_database
@needs("rota_reader")
def show(database: Database, name: str, count: int, most: int, zone: Zone) -> None:
    """One subscription: position, lag, events that are tried again, runs of its reader."""
    row = subscriptions.find(database, name)
    places = database.rows(subscriptions.PLACES, [name])
    held = database.rows(subscriptions.HELD, [name, most])
    runs = database.rows(subscriptions.RUNS, [subscriptions.READER + name, count])
    if output.wants_json():
        output.data(row | {"places": places, "held": held, "runs": runs})
        return
    now = database.value("select now()")
    subscription_page.one(row, places, zone)
    click.echo()
    subscription_page.held(held, row, zone, now)
    subscription_page.recent(runs, row, zone, now)
    for hint in subscription_page.hints(row):
        click.echo(f"next: {hint}")


@subscription.command(epilog="Example: rota subscription pause welcome --until 2h --reason moving")
@click.argument("name")
@click.option("--until", metavar="TIME", help="When it goes on: 2h, 2026-01-31 12:00.")
@click.option("--reason", help="Shown to whoever looks.")
@zone_option
@pass_database
@needs("rota_admin")
def pause(database: Database, name: str, until: str | None, reason: str | None, zone: Zone) -> None:
    """Deliver nothing: the log keeps the events meanwhile, up to twice its max_lag."""
    pauses.pause(database, similar.SUBSCRIPTION, name, until, reason, zone)


@subscription.command(epilog="Example: rota subscription resume welcome")
@click.argument("name")
@pass_database
@needs("rota_admin")
def resume(database: Database, name: str) -> None:
    """Deliver again, from where it stands."""
    with similar.SUBSCRIPTION.named(database, name):
        database.call("rota.resume", kind="subscription", name=name)
    row = subscriptions.find(database, name)
    if output.wants_json():
        output.data({"subscription": name, "paused": False, "lag": row["lag"]})
    else:
        behind = f", {output.duration(row['lag'])} behind" if row["lag"] else ""
        click.echo(f"subscription {name} goes on{behind}")


@subscription.command(epilog="Example: rota subscription replay welcome --since 1h")
@click.argument("name")
@click.option("--since", metavar="TIME", help="Events from then on: 1h, 2026-01-31 12:00.")
@click.option("--since-id", metavar="N", type=click.IntRange(0, 2**63 - 1), help="From event N on.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@zone_option
@pass_database
@needs("rota_admin")
def replay(
    database: Database, name: str, since: str | None, since_id: int | None, yes: bool, zone: Zone
) -> None:
    """Deliver events again, as far as the log keeps them: the handler sees them a second time.

    Events that are tried again and dead letters stay as they are.
    """
    if (since is None) == (since_id is None):
        raise click.UsageError("give --since or --since-id: where the replay begins")
    moment = moments.ago(database, since, zone=zone.known_as)
    if moment and moment > database.value("select now()"):
        raise click.BadParameter(f"{zone.text(moment)} is to come", param_hint="'--since'")
    row = subscriptions.find(database, name)
    count = _count(database, row, moment, since_id)
    words = _words(row, count)
    start = f"since {zone.text(moment)} ({zone.name})" if moment else f"from event {since_id} on"
    if not yes:
        click.confirm(f"Deliver {words} {start} to {name} again?", abort=True, err=True)
    given = {"since": moment} if moment else {"since_id": since_id}
    first = database.call("rota.replay_subscription", name=name, **given)
    if output.wants_json():
        output.data({"subscription": name, "from_event": first, "events": count})
    else:
        click.echo(f"subscription {name} reads {words} {start} again")


def _count(
    database: Database, row: dict[str, Any], since: datetime | None, since_id: int | None
) -> int:
    """How many events would be read again; one more than are counted stands for many."""
    wanted = {"topics": [row["topic"]], "types": row["types"], "limit": MOST_COUNTED + 1}
    if since:
        return len(database.rows(events.NEWEST, wanted | {"since": since}))
    return len(database.rows(events.FROM, wanted | {"after": (since_id or 0) // 1024 * 1024 - 1}))


def _words(row: dict[str, Any], count: int) -> str:
    many = f"more than {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,}"
    plural = "" if count == 1 else "s"
    chosen = " (before its filter)" if row["filter"] else ""
    return f"{many} event{plural}{chosen}"
