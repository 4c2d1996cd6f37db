"""rota remove."""

from __future__ import annotations

import click

from pgrota import config, output, project_removal, removal
from pgrota.database import Database, pass_database
from pgrota.project import ENGINE
from pgrota.rights import needs
from pgrota.transaction import Patience


@click.command(epilog="Example: rota remove shop")
@click.argument("name", metavar="[PROJECT]", default=ENGINE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also with live runs, and with what depends on it.")
@click.option("--migrations", is_flag=True, help="Undo the project's migrations: its data go.")
@click.option(
    "--drain-wait", default=60.0, show_default=True, help="Seconds to wait for workers to leave."
)
@pass_database
@needs("rota_owner, rota_worker, rota_capture")
def remove(
    database: Database, name: str, yes: bool, force: bool, migrations: bool, drain_wait: float
) -> None:
    """Remove PROJECT from a database; without a name rota itself, with all that it keeps.

    A project's functions, views, triggers, tasks, schedules and cron jobs go; its tables stay,
    unless --migrations is given. What was there before it took it over is put back: functions, and
    jobs adopted from pg_cron. Of rota itself go schemas, history, cron jobs, settings and roles,
    but for a role that another database of the server still needs.
    """
    if name == ENGINE:
        if migrations:
            raise click.UsageError("--migrations is for a project: rota remove PROJECT")
        removed = _engine(database, yes, force, drain_wait)
    else:
        removed = _project(database, name, yes, force, migrations)
    if output.wants_json():
        output.data(removed.as_json())
        return
    for each in removed.removed:
        click.echo(f"  - {each}")
    for each in removed.kept:
        click.echo(f"    kept {each}")
    click.echo("removed" if removed.removed else "there was nothing to remove")


def _engine(database: Database, yes: bool, force: bool, drain_wait: float) -> removal.Removed:
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
    return removal.remove(
        database, force=force, patience=Patience(drain=drain_wait), say=output.progress
    )


def _project(
    database: Database, name: str, yes: bool, force: bool, migrations: bool
) -> removal.Removed:
    here = project_removal.check_migrations(name, config.current()) if migrations else None
    there = project_removal.look(database, name)
    if not yes:
        click.confirm(
            f"Remove {name} from {database.shown}, with {len(there.objects)} functions, views and"
            f" triggers and {len(there.definitions)} definitions"
            f"{', and the data of its tables' if migrations else ''}?",
            abort=True,
            err=True,
        )
    return project_removal.remove(database, name, migrations=here, force=force, say=output.progress)
