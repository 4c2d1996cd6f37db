"""rota rollback."""

from __future__ import annotations

import click

from pgrota import config, deploys, output, plan_page, project
from pgrota.commands.deploy import show
from pgrota.database import Database, pass_database
from pgrota.rights import needs
from pgrota.rollback import rollback as run_rollback
from pgrota.transaction import Patience


@click.command(epilog="Example: rota rollback 2 --plan")
@click.argument("count", metavar="[N]", type=click.IntRange(1), default=1)
@click.option("--to", "deploy_id", type=int, metavar="DEPLOY", help="Not N back, but to this one.")
@click.option("--of", "name", metavar="PROJECT", help="Default: the project here, else rota.")
@click.option("--migrations", is_flag=True, help="Go back over its migrations too.")
@click.option("--force", is_flag=True, help="Also over what others changed on the server.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what it would change.")
@click.option(
    "--lock-wait", default=10.0, show_default=True, help="Seconds to wait for another deploy."
)
@click.option(
    "--drain-wait", default=60.0, show_default=True, help="Seconds to wait for workers to leave."
)
@pass_database
@needs("rota_reader")
def rollback(
    database: Database, count: int, deploy_id: int | None, name: str | None, migrations: bool,
    force: bool, only_plan: bool, lock_wait: float, drain_wait: float,
) -> None:  # fmt: skip
    """Restore the sources, definitions and cron jobs of the deploy N before the last one.

    It is a deploy like others: one transaction, on record, and the next rollback goes back over
    it. Tables stay as they are, unless --migrations is given and the migrations can be undone.
    """
    _, here = config.targets(())
    if deploy_id is not None:
        target = deploys.find(database, deploy_id)
    else:
        name = name or (here.name if here else project.ENGINE)
        target = deploys.find(database, deploys.back(database, name, count)["deploy_id"])
    outcome = run_rollback(
        database,
        target,
        here,
        migrations=migrations,
        force=force,
        dry_run=only_plan,
        patience=Patience.of_a_plan(lock_wait) if only_plan else Patience(lock_wait, drain_wait),
        say=output.progress,
    )
    what = f"{target['project']} is as deploy {target['deploy_id']} made it"
    if only_plan and not output.wants_json():
        plan_page.planned(outcome.changes)
        for note in outcome.notes:
            output.warn(note)
        if changes := len(outcome.changes):
            plural = "" if changes == 1 else "s"
            what = f"{changes} change{plural} would go back to deploy {target['deploy_id']}"
        click.echo(what)
        return
    show(outcome, done=what)
