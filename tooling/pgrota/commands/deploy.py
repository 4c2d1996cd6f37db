"""rota deploy."""

from __future__ import annotations

import click

from pgrota import config, output, plan_page
from pgrota.database import Database, pass_database
from pgrota.deploy import Outcome
from pgrota.deploy import deploy as run_deploy
from pgrota.transaction import Patience


@click.command(epilog="Example: rota deploy --recipe night_batch")
@click.option("--recipe", "recipes", multiple=True, metavar="NAME", help="Also this recipe.")
@click.option("--allow-drop", is_flag=True, help="Drop what no file makes any longer.")
@click.option("--force", is_flag=True, help="Put right what others changed on the server.")
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
    database: Database,
    recipes: tuple[str, ...],
    allow_drop: bool,
    force: bool,
    lock_wait: float,
    drain_wait: float,
) -> None:
    """Install or upgrade rota in a database, in one transaction.

    Only what differs is touched; deploying twice changes nothing. What others changed on the
    server is drift and refused with code 4; what no file makes any longer is left and listed.
    """
    recipes, user = config.targets(recipes)
    outcome = run_deploy(
        database,
        recipes,
        user=user,
        allow_drop=allow_drop,
        force=force,
        patience=Patience(lock_wait, drain_wait),
        say=output.progress,
    )
    show(outcome, done=f"deployed to {database.shown}")


def show(outcome: Outcome, done: str) -> None:
    """The changes, one a line, and a closing word."""
    if output.wants_json():
        output.data(outcome.as_json())
        return
    for line in plan_page.brief(outcome.changes):
        click.echo(line)
    for note in outcome.notes:
        output.warn(note)
    if outcome.changed:
        count = len(outcome.changes)
        changes = f"{count} change{'s' if count != 1 else ''}"
        click.echo(f"{done}: {changes}, {outcome.seconds:.1f} s")
    else:
        click.echo(f"nothing to do, {outcome.seconds:.1f} s")
