"""rota plan."""

from __future__ import annotations

import click

from pgrota import config, errors, output
from pgrota.commands.deploy import show
from pgrota.database import Database, pass_database
from pgrota.deploy import deploy as run_deploy
from pgrota.transaction import Patience


@click.command(epilog="Example: rota plan --exit-code")
@click.option("--recipe", "recipes", multiple=True, metavar="NAME", help="Also this recipe.")
@click.option("--exit-code", is_flag=True, help="End with code 3 when there is something to do.")
@click.option(
    "--lock-wait", default=10.0, show_default=True, help="Seconds to wait for another deploy."
)
@pass_database
def plan(database: Database, recipes: tuple[str, ...], exit_code: bool, lock_wait: float) -> int:
    """Show what a deploy would change.

    The deploy is carried out in a transaction and rolled back, so what is listed is what
    Postgres would store.
    """
    recipes, user = config.targets(recipes)
    outcome = run_deploy(
        database,
        recipes,
        user=user,
        dry_run=True,
        patience=Patience(lock=lock_wait),
        say=output.progress,
    )
    show(outcome, done=f"to be deployed to {database.shown}")
    return errors.PENDING if exit_code and outcome.changed else errors.OK
