"""rota test."""

from __future__ import annotations

from pathlib import Path

import click

from pgrota import config, errors, output
from pgrota.commands.dev import plainly
from pgrota.database import Database, pass_database


def scratch_options(function):
    """Where the database is made, and what stands in it before the project does."""
    for option in (
        click.option(
            "--before", multiple=True, metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="SQL to execute first, such as the schema of your application.",
        ),
        click.option(
            "--own-server", is_flag=True, help="On a server started for this, whatever is there."
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.command(epilog="Example: rota test pgtap/report_size.sql")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@scratch_options
@pass_database
@plainly
def test(
    database: Database, paths: tuple[Path, ...], own_server: bool, before: tuple[Path, ...]
) -> int:
    """Deploy the project into a database made for it, run its tests, drop the database.

    PATHS are files or folders of tests; without any, all run. Ends with code 7 when one fails.
    The database is made on the server that is configured; where none is, a server is started.
    """
    from pgrota import scratch, testing

    here = config.needed()
    found = testing.files(here, paths)
    quiet = output.wants_json()
    with scratch.database(database, own_server, output.progress) as target:
        scratch.deployed(here, target, before)
        done = testing.run(here, target, found, (lambda tested: None) if quiet else show)
    passed = all(tested.passed for tested in done)
    if quiet:
        output.data({"passed": passed, "files": [tested.as_json() for tested in done]})
    else:
        failed = sum(not tested.passed for tested in done)
        count = sum(len(tested.assertions) for tested in done)
        click.echo(
            f"{failed} of {len(done)} files failed" if failed
            else f"{count} assertions passed, in {len(done)} file{'s' if len(done) > 1 else ''}"
        )  # fmt: skip
    return errors.OK if passed else errors.TESTS


def show(tested) -> None:
    """One file: what failed, or how much did not."""
    if tested.passed:
        click.echo(f"  ok      {tested.file}: {len(tested.assertions)}")
        return
    click.secho(f"  FAILED  {tested.file}", fg="red")
    for assertion in tested.failed:
        click.echo(f"          {assertion.number} {assertion.description}")
        for remark in assertion.remarks:
            click.echo(f"          {remark}")
    for problem in tested.problems:
        for line in problem.splitlines():
            click.echo(f"          {line}")
