"""`rota event`: look into the event log, follow it, write to it."""

from __future__ import annotations

import time
from typing import Any

import click
import psycopg

from pgrota import errors, event_page, events, moments, nearness, output, subscriptions
from pgrota.database import Database, pass_database
from pgrota.documents import JsonDocument
from pgrota.rights import needs
from pgrota.zones import Zone, zone_option

INTERVAL = 0.3

topic_option = click.option("--topic", metavar="PATTERN", help="Such as payment, or public.*.")
type_option = click.option(
    "--type", "types", multiple=True, help="Such as INSERT. May be given several times."
)


@click.group(epilog="Example: rota event tail --topic 'public.*'")
def event() -> None:
    """The event log: list and show events, follow it, emit."""


@event.command("list", epilog="Example: rota event list --topic public.users --since 1h")
@topic_option
@type_option
@click.option("--since", metavar="TIME", help="From then on: 10min, 1h, 2026-01-31 12:00.")
@click.option(
    "-n", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many."
)
@zone_option
@pass_database
@needs("rota_reader")
def list_(
    database: Database,
    topic: str | None,
    types: tuple[str, ...],
    since: str | None,
    count: int,
    zone: Zone,
) -> None:
    """The newest events, the newest first."""
    start = moments.ago(database, since, zone=zone.known_as)
    rows = events.newest(database, count, topic, list(types) or None, start)
    if output.wants_json():
        output.data(rows)
        return
    event_page.listing(rows, zone, database.value("select now()"))
    if not rows and topic:
        _similar_topics(database, topic)


def _similar_topics(database: Database, topic: str) -> None:
    """A topic that nothing has may be one that was typed wrong."""
    topics = events.topics(database)
    close = nearness.close(topics, topic)
    if close and topic not in topics and "*" not in topic:
        output.progress(f"There are events of: {', '.join(close)}")


@event.command(epilog="Example: rota event tail --topic public.users --type INSERT")
@topic_option
@type_option
@click.option(
    "-n", "count", type=click.IntRange(0, 10_000), default=10, show_default=True,
    help="Begin with the newest so many.",
)  # fmt: skip
@zone_option
@pass_database
@needs("rota_reader")
def tail(
    database: Database, topic: str | None, types: tuple[str, ...], count: int, zone: Zone
) -> int:
    """Show events as they commit, until Ctrl-C.

    Each is shown once, when its transaction has committed: one that ends late comes after later
    numbers and is not left out. With --json one object a line.
    """
    follower = events.Follower(database, topic, list(types) or None)
    stream = event_page.Stream(zone)
    stream.begin()
    try:
        for found in follower.begin(count):
            stream.say(found)
        _follow(database, follower, stream)
    except KeyboardInterrupt:
        return 130


def _follow(database: Database, follower: events.Follower, stream: event_page.Stream) -> None:
    away = False
    while True:
        try:
            found = follower.more()
        except (psycopg.OperationalError, errors.CannotConnect) as error:
            if not away:
                output.progress(f"the server is away ({str(error).strip().splitlines()[0]})")
            away = True
            database.close()
            found = []
        else:
            if away:
                output.progress("the server is back")
            away = False
        if follower.is_elsewhere:
            output.progress("the log was restored into another cluster: from now on")
        for each in found:
            stream.say(each)
        if not found:
            time.sleep(INTERVAL)


@event.command(epilog="Example: rota event emit payment payment.completed '{\"id\": 17}' --key 17")
@click.argument("topic")
@click.argument("type_", metavar="TYPE")
@click.argument("payload", type=JsonDocument(), metavar="[JSON|@FILE|-]", default="{}")
@click.option("--key", help="What it happened to: ordered subscriptions go by it.")
@pass_database
@needs("rota_app")
def emit(database: Database, topic: str, type_: str, payload: Any, key: str | None) -> None:
    """Write an event. Its payload is JSON, in a file, or on standard input."""
    from psycopg.types.json import Jsonb

    event_id = database.call("rota.emit", topic=topic, type=type_, payload=Jsonb(payload), key=key)
    if output.wants_json():
        output.data({"event_id": event_id})
    else:
        click.echo(f"event {event_id} emitted")


@event.command(epilog="Example: rota event show 5120")
@click.argument("event_id", type=click.IntRange(1, 2**63 - 1))
@zone_option
@pass_database
@needs("rota_reader")
def show(database: Database, event_id: int, zone: Zone) -> None:
    """All that is in EVENT_ID, and who reads it."""
    found = events.find(database, event_id)
    wanted = {"subscription": None, "event_id": event_id}
    dead = database.rows(subscriptions.DEAD_OF_EVENT, wanted)
    readers = [
        row["name"]
        for row in database.rows(subscriptions.LIST)
        if subscriptions.reads(row, found["topic"], found["type"])
    ]
    if output.wants_json():
        output.data(found | {"subscriptions": readers, "dead_letters": dead})
        return
    event_page.one(found, zone)
    names = ", ".join(readers) or "no subscription"
    click.echo(f"\n{click.style('read by', bold=True)}  {names}")
    for letter in dead:
        name = letter["subscription"]
        click.secho(f"dead letter of {name}: rota dead-letters show {name} {event_id}", fg="red")
