"""rota deploy."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pgrota import config, output
from pgrota.database import Database, pass_database
from pgrota.deploy import Outcome
from pgrota.deploy import deploy as run_deploy
from pgrota.objects import Change
from pgrota.transaction import Patience

SIGNS = {"create": "+", "apply": "+", "change": "~", "restate": "~", "drop": "-"}
MANY = 20


@click.command(epilog="Example: rota deploy --recipe night_batch")
@click.option("--recipe", "recipes", multiple=True, metavar="NAME", help="Also this recipe.")
@click.option(
    "--lock-wait", default=10.0, show_default=True, help="Seconds to wait for another deploy."
)
@click.option(
    "--drain-wait",
    default=60.0,
    show_default=True,
    help="Seconds to wait for workers to leave when the engine itself changes.",
)
@pass_database
def deploy(
    database: Database, recipes: tuple[str, ...], lock_wait: float, drain_wait: float
) -> None:
    """Install or upgrade rota in a database, in one transaction.

    Only what differs is touched; deploying twice changes nothing.
    """
    recipes, user = config.targets(recipes)
    outcome = run_deploy(
        database, recipes, user=user, patience=Patience(lock_wait, drain_wait), say=output.progress
    )
    show(outcome, done=f"deployed to {database.shown}", brief=True)


def lines(changes: list[Change], brief: bool) -> Iterator[str]:
    """A line for each change; when it is to be brief, one for many of the same kind."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.action, change.kind), []).append(change)
    for (action, kind), members in groups.items():
        sign = f"{SIGNS[action]} {kind:<9}"
        if brief and len(members) > MANY:
            yield f"{sign} {len(members)}, from {members[0].name} to {members[-1].name}"
        else:
            yield from (f"{sign} {member.name}" for member in members)


def show(outcome: Outcome, done: str, brief: bool = False) -> None:
    """The changes, one a line, and a closing word."""
    if output.wants_json():
        output.data(outcome.as_json())
        return
    for line in lines(outcome.changes, brief=brief):
        click.echo(f"  {line}")
    for note in outcome.notes:
        output.warn(note)
    if outcome.changed:
        count = len(outcome.changes)
        changes = f"{count} change{'s' if count != 1 else ''}"
        click.echo(f"{done}: {changes}, {outcome.seconds:.1f} s")
    else:
        click.echo(f"nothing to do, {outcome.seconds:.1f} s")
