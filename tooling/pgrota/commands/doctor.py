"""rota doctor."""

from __future__ import annotations

import click

from pgrota import diagnosis, errors, output
from pgrota.database import Database, pass_database
from pgrota.masking import mask

MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "critical": ("critical", "red")}


@click.command(epilog="Example: rota doctor --json")
@click.option(
    "--adopt-restore", is_flag=True,
    help="First make an event log good that was restored from another cluster.",
)  # fmt: skip
@pass_database
def doctor(database: Database, adopt_restore: bool) -> int:
    """Say what is wrong and what to type. Ends with code 1 when something is critical."""
    if adopt_restore:
        adopt(database)
    rows = diagnosis.checks(database)
    worst = diagnosis.worst(rows)
    if output.wants_json():
        output.data({"status": worst, "checks": rows})
    else:
        show(rows)
    return errors.ERROR if worst == diagnosis.CRITICAL else errors.OK


def adopt(database: Database) -> None:
    """Let subscriptions go on in a restored log."""
    places = database.rows("select a.* from rota_core.adopt_restore() as a")
    for place in places:
        output.progress(
            f"subscription {place['subscription']} goes on; {place['held']} events that"
            " later ones had overtaken are delivered first"
        )
    if not places:
        output.progress("every subscription stands in this cluster's log")


def show(rows: list[dict]) -> None:
    """One check a line, what to type below it."""
    width = max((len(row["check_name"]) for row in rows), default=0)
    for row in rows:
        word, colour = MARKS.get(row["status"], (row["status"], "cyan"))
        click.echo(
            f"{click.style(f'{word:<9}', fg=colour)} "
            f"{row['check_name']:<{width}}  {mask(row['detail'] or '')}"
        )
        if row["hint"] and row["status"] != diagnosis.OK:
            click.echo(f"{'':<9} {'':<{width}}  -> {row['hint']}")
