"""What runs have kept: `rota run artifacts` and `rota run artifact`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pgrota import output, runs
from pgrota.database import Database, pass_database
from pgrota.errors import Problem
from pgrota.rights import needs


@click.command(epilog="Example: rota run artifacts 17")
@click.argument("run_id", type=int)
@pass_database
@needs("rota_reader")
def artifacts(database: Database, run_id: int) -> None:
    """What RUN_ID, or any of its steps, has kept."""
    rows = database.rows(runs.ARTIFACTS, {"run_id": run_id})
    if not rows and database.value("select 1 from rota.runs where run_id = %s", [run_id]) is None:
        raise Problem(f"run {run_id} does not exist", hint="rota run list")
    output.table(
        rows,
        empty=f"run {run_id} has kept nothing",
        whole=("name",),
    )


@click.command(epilog="Example: rota run artifact 17 raw-content --output raw.json")
@click.argument("run_id", type=int)
@click.argument("name")
@click.option("-o", "--output", "target", type=click.Path(path_type=Path), help="Into this file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@pass_database
@needs("rota_admin")
def artifact(database: Database, run_id: int, name: str, target: Path | None, force: bool) -> None:
    """Print what RUN_ID, or a step of it, has kept as NAME; or save it to a file."""
    if target and target.exists() and not force:
        raise Problem(f"{target} exists", hint="another name, or --force")
    content = bytes(database.call("rota.get_artifact", run_id=run_id, name=name))
    if target is None:
        _print(content, run_id, name)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Problem(f"{target} cannot be written: {error.strerror}") from None
    if output.wants_json():
        output.data({"run_id": run_id, "name": name, "file": str(target), "bytes": len(content)})
    else:
        click.echo(f"{target}: {len(content):,} bytes")


def _print(content: bytes, run_id: int, name: str) -> None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        click.echo(text, nl=not text.endswith("\n"))
    elif sys.stdout.isatty():
        raise Problem(
            f"artifact {name} of run {run_id} is no text, which a terminal could show",
            hint=f"rota run artifact {run_id} {name} --output FILE",
        )
    else:
        click.get_binary_stream("stdout").write(content)
