"""rota init."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from pgrota import output, scaffold


@click.command(epilog="Example: rota init shop --migrations")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--name", help="The project's name. Default: the folder's.")
@click.option("--migrations", is_flag=True, help="With a folder for tables, kept by alembic.")
def init(directory: Path, name: str | None, migrations: bool) -> None:
    """Make a project in DIRECTORY: one automation that runs, its test, a CI file.

    It can be deployed, tested and linted as it stands. Nothing that is there is overwritten.
    """
    name, files = scaffold.init(directory, name, migrations)
    if output.wants_json():
        output.data({"name": name, "directory": str(directory.absolute()), "files": files})
        return
    show(files)
    click.echo(f"project {name} is ready in {directory}")
    inside = "" if directory.absolute() == Path.cwd() else f"cd {shlex.quote(str(directory))}; "
    output.progress(f"Next: {inside}rota dev up, rota deploy, rota test, rota lint")


def show(files: list[str]) -> None:
    """Files that were written, one a line."""
    for path in files:
        click.echo(f"  + {path}")
