"""rota drift."""

from __future__ import annotations

import click

from pgrota import comparing, errors, output, plan_page
from pgrota.database import Database, pass_database
from pgrota.rights import needs


@click.command(epilog="Example: rota drift")
@pass_database
@needs("rota_reader")
def drift(database: Database) -> int:
    """Show what others have changed on the server since it was deployed.

    Functions, views, triggers, grants, definitions and cron jobs, each with its file and a diff.
    Ends with code 4 when there is any. What was defined by hand is listed as unmanaged, and is no
    drift; neither is a pause.
    """
    state = comparing.look_at(database)
    if output.wants_json():
        output.data(
            {
                "drift": [each.as_json() for each in state.drift],
                "unmanaged": [{"kind": d.kind, "name": d.name} for d in state.unmanaged],
            }
        )
    else:
        plan_page.drifted(state.drift)
        plan_page.unmanaged(state.unmanaged)
    return errors.DRIFT if state.drift else errors.OK
