"""`rota dead-letters`: events that could not be delivered."""

from __future__ import annotations

import click

from pgrota import letter_page, output, similar, subscriptions
from pgrota.database import Database, pass_database
from pgrota.errors import ERROR, OK, Problem
from pgrota.rights import needs
from pgrota.zones import Zone, zone_option

event_ids = click.argument("ids", metavar="[ID]...", type=int, nargs=-1)


@click.group("dead-letters", epilog="Example: rota dead-letters list welcome")
def dead_letters() -> None:
    """List, show, redrive and discard events that could not be delivered."""


@dead_letters.command("list", epilog="Example: rota dead-letters list welcome -n 50")
@click.argument("subscription", required=False)
@click.option("-n", "count", type=click.IntRange(1), default=20, show_default=True)
@zone_option
@pass_database
@needs("rota_reader")
def list_(database: Database, subscription: str | None, count: int, zone: Zone) -> None:
    """The newest dead letters of SUBSCRIPTION, or of all."""
    if subscription is not None:
        subscriptions.find(database, subscription)
    wanted = {"subscription": subscription, "limit": count + 1}
    rows = database.rows(subscriptions.DEAD, wanted)
    more, rows = len(rows) > count, rows[:count]
    if output.wants_json():
        output.data(rows)
        return
    if not rows:
        click.echo("no dead letters")
        return
    now = database.value("select now()")
    letter_page.listing(rows, zone, now, with_name=subscription is None)
    if more:
        name = f" {subscription}" if subscription else ""
        click.echo(f"older ones: rota dead-letters list{name} -n {10 * count}")
    first = rows[0]
    click.echo(f"next: rota dead-letters show {first['subscription']} {first['event_id']}")


@dead_letters.command(epilog="Example: rota dead-letters show welcome 5120")
@click.argument("subscription")
@click.argument("event_id", metavar="ID", type=int)
@zone_option
@pass_database
@needs("rota_reader")
def show(database: Database, subscription: str, event_id: int, zone: Zone) -> None:
    """The event with number ID as the handler was given it, and the last error."""
    wanted = {"subscription": subscription, "event_id": event_id}
    row = database.row(subscriptions.DEAD_LETTER, wanted)
    if row is None:
        subscriptions.find(database, subscription)
        raise Problem(
            f"event {event_id} is no dead letter of {subscription}",
            hint=f"rota dead-letters list {subscription}",
        )
    if output.wants_json():
        output.data(row)
        return
    letter_page.one(row, zone)
    click.echo(f"\nnext: rota dead-letters redrive {subscription} {event_id}")
    click.echo(f"or:   rota dead-letters discard {subscription} {event_id} --reason '...'")


@dead_letters.command(epilog="Example: rota dead-letters redrive welcome --all")
@click.argument("subscription")
@event_ids
@click.option("--all", "all_", is_flag=True, help="All that it has.")
@pass_database
@needs("rota_admin")
def redrive(database: Database, subscription: str, ids: tuple[int, ...], all_: bool) -> int:
    """Try dead letters again, with a fresh count of attempts."""
    if bool(ids) == all_:
        raise click.UsageError("give the numbers of events, or --all")
    with similar.SUBSCRIPTION.named(database, subscription):
        count = database.call(
            "rota.redrive_dead_letters", subscription=subscription, ids=list(ids) or None
        )
    return _told(subscription, ids, count, "due again")


@dead_letters.command(
    epilog="Example: rota dead-letters discard welcome 5120 --reason 'sent by hand'"
)
@click.argument("subscription")
@click.argument("ids", metavar="ID...", type=int, nargs=-1, required=True)
@click.option("--reason", required=True, help="Noted in the log, with your name.")
@pass_database
@needs("rota_admin")
def discard(database: Database, subscription: str, ids: tuple[int, ...], reason: str) -> int:
    """Give dead letters up for good. What waits behind them goes on."""
    with similar.SUBSCRIPTION.named(database, subscription):
        count = database.call(
            "rota.discard_dead_letters", subscription=subscription, ids=list(ids), reason=reason
        )
    return _told(subscription, ids, count, "discarded")


def _told(subscription: str, ids: tuple[int, ...], count: int, what: str) -> int:
    """Says how many; an error where some of the numbers are of no dead letter."""
    missing = len(set(ids)) - count if ids else 0
    if output.wants_json():
        output.data({"subscription": subscription, "count": count, "missing": missing})
    else:
        plural = "" if count == 1 else "s"
        click.echo(f"{count} dead letter{plural} of {subscription} {what}")
        if missing:
            click.echo(
                f"Error: {missing} of the numbers given {'is' if missing == 1 else 'are'} of no"
                f" dead letter\nHint: rota dead-letters list {subscription}",
                err=True,
            )
    return ERROR if missing else OK
