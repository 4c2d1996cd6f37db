"""rota plan."""

from __future__ import annotations

import click

from pgrota import config, errors, output, plan_page, recording
from pgrota.database import Database, pass_database
from pgrota.deploy import deploy as run_deploy
from pgrota.transaction import Patience


@click.command(epilog="Example: rota plan --exit-code")
@click.option("--recipe", "recipes", multiple=True, metavar="NAME", help="Also this recipe.")
@click.option("--allow-drop", is_flag=True, help="Plan to drop what no file makes any longer.")
@click.option(
    "--exit-code",
    is_flag=True,
    help="End with code 3 when there is something to do, with 4 when drift forbids it.",
)
@click.option("--sql", "as_sql", is_flag=True, help="Print the SQL that would be executed.")
@click.option(
    "--lock-wait", default=10.0, show_default=True, help="Seconds to wait for another deploy."
)
@pass_database
def plan(
    database: Database,
    recipes: tuple[str, ...],
    allow_drop: bool,
    exit_code: bool,
    as_sql: bool,
    lock_wait: float,
) -> int:
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
        allow_drop=allow_drop,
        patience=Patience.of_a_plan(lock_wait),
        say=output.progress,
    )
    if output.wants_json():
        output.data(outcome.as_json() | ({"sql": _script(outcome)} if as_sql else {}))
    elif as_sql:
        click.echo("\n\n".join(_script(outcome)))
    else:
        if outcome.drift:
            plan_page.drifted(outcome.drift)
            click.echo("With --force, this would be done:")
        plan_page.planned(outcome.changes)
        for note in outcome.notes:
            output.warn(note)
        count = len(outcome.changes)
        changes = f"{count} change{'s' if count != 1 else ''}" if count else "nothing to do"
        click.echo(f"to be deployed to {database.shown}: {changes}, {outcome.seconds:.1f} s")
    if exit_code and outcome.drift:
        return errors.DRIFT
    return errors.PENDING if exit_code and outcome.changed else errors.OK


def _script(outcome) -> list[str]:
    return list(recording.script(outcome.statements))
