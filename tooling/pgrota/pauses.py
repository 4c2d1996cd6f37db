"""Letting a schedule, a subscription and the like stand still."""

from __future__ import annotations

import click

from pgrota import moments, output
from pgrota.database import Database
from pgrota.similar import Kind
from pgrota.zones import Zone


def pause(
    database: Database,
    kind: Kind,
    name: str,
    until: str | None,
    reason: str | None,
    zone: Zone,
) -> None:
    """Pause one, until a time to come or until resumed, and say so."""
    moment = moments.ahead(database, until, "--until", zone.known_as)
    if moment and moment <= database.value("select now()"):
        raise click.BadParameter(f"{zone.text(moment)} is past", param_hint="'--until'")
    with kind.named(database, name):
        database.call("rota.pause", kind=kind.word, name=name, until=moment, reason=reason)
    if output.wants_json():
        output.data({kind.word: name, "paused": True, "until": moment, "reason": reason})
    elif moment:
        click.echo(f"{kind.word} {name} is paused until {zone.text(moment)} ({zone.name})")
    else:
        click.echo(f"{kind.word} {name} is paused; go on with: rota {kind.word} resume {name}")
