"""rota lint."""

from __future__ import annotations

from pathlib import Path

import click

from pgrota import config, errors, output
from pgrota.commands.dev import plainly
from pgrota.commands.test import scratch_options
from pgrota.database import Database, pass_database


@click.command(epilog="Example: rota lint --no-database")
@click.option("--no-database", is_flag=True, help="Only read the files; check no function bodies.")
@scratch_options
@pass_database
@plainly
def lint(database: Database, no_database: bool, own_server: bool, before: tuple[Path, ...]) -> int:
    """Check the project: sqlfluff reads its files, plpgsql_check its functions.

    The functions are checked in a database that is made for it and dropped. Ends with code 6 when
    something is found. `.sqlfluff` says which rules hold.
    """
    from pgrota import linting

    here = config.needed()
    found = linting.style(here)
    if not no_database and not any(finding.code == "PRS" for finding in found):
        found += _bodies(here, database, own_server, before)
    if output.wants_json():
        output.data({"passed": not found, "findings": [vars(finding) for finding in found]})
    else:
        for finding in found:
            click.echo(str(finding))
        click.echo(f"{len(found)} findings" if found else "nothing found")
    return errors.LINT if found else errors.OK


def _bodies(here: config.Config, database: Database, own_server: bool, before) -> list:
    from pgrota import linting, scratch

    with scratch.database(database, own_server, output.progress) as target:
        try:
            scratch.deployed(here, target, before)
        except errors.Refusal as refusal:
            # What cannot even be created is a finding, whichever code the database has for it.
            refusal.exit_code = errors.LINT
            raise
        found = linting.bodies(here, target)
    if found is None:
        output.warn("plpgsql_check is not installed beside this server: no bodies were checked")
    return found or []
