"""rota remove."""

from __future__ import annotations

import click

from pgrota import output, removal
from pgrota.database import Database, pass_database
from pgrota.transaction import Patience


@click.command(epilog="Example: rota remove --yes")
@click.argument("project", type=click.Choice(["rota"]), default="rota")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also with live runs, and with what depends on rota.")
@click.option(
    "--drain-wait", default=60.0, show_default=True, help="Seconds to wait for workers to leave."
)
@pass_database
def remove(database: Database, project: str, yes: bool, force: bool, drain_wait: float) -> None:
    """Remove rota from a database: schemas, history, cron jobs, settings, roles.

    A role that another database of the server still needs stays.
    """
    there = removal.contents(database)
    if not yes:
        if there is None:
            question = f"Remove what is left of rota in {database.shown}?"
        else:
            question = (
                f"Remove rota from {database.shown}, with {there.tasks} tasks,"
                f" {there.finished_runs} finished and {there.live_runs} live runs?"
            )
        click.confirm(question, abort=True, err=True)
    removed = removal.remove(
        database, force=force, patience=Patience(drain=drain_wait), say=output.progress
    )
    if output.wants_json():
        output.data(removed.as_json())
        return
    for name in removed.removed:
        click.echo(f"  - {name}")
    for name in removed.kept:
        click.echo(f"    kept {name}")
    click.echo("removed" if removed.removed else "there was nothing to remove")
