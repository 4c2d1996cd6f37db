"""`rota watch`: tables whose changes are captured."""

from __future__ import annotations

from typing import Any

import click

from pgrota import grids, output, similar
from pgrota.database import Database, pass_database
from pgrota.rights import needs

WATCHES = "select w.* from rota.watches as w order by w.name"
WATCH = "select w.* from rota.watches as w where w.name = %s"
COLOURS = {"active": "green", "partial": "yellow", "disabled": "red", "missing": "red"}


@click.group(epilog="Example: rota watch list")
def watch() -> None:
    """List and show watched tables."""


@watch.command("list", epilog="Example: rota watch list")
@pass_database
@needs("rota_reader")
def list_(database: Database) -> None:
    """Every watched table: what is captured, and whether it is."""
    rows = database.rows(WATCHES)
    if output.wants_json():
        output.data(rows)
        return
    shown = [_listed(row) for row in rows]
    filled = [key for key in shown[0] if any(str(row[key] or "") for row in shown)] if rows else []
    output.table(
        shown, columns=filled, whole=("table", "state"), expendable=("level",),
        empty="no watches: select rota.watch_table('schema.table');",
    )  # fmt: skip


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "table": row["name"],
        "topic": "" if row["topic"] == row["name"] else row["topic"],
        "operations": "\n".join(row["operations"]),
        "columns": _columns(row),
        "condition": row["condition"],
        "key": ", ".join(row["key"] or []),
        "level": row["level"],
        "state": grids.cell(row["state"], COLOURS.get(row["state"])),
    }


def _columns(row: dict[str, Any]) -> str:
    kept = ", ".join(row["columns"] or [])
    left_out = f"without {', '.join(row['exclude'])}" if row["exclude"] else ""
    return "\n".join(filter(None, (kept, left_out)))


@watch.command(epilog="Example: rota watch show public.users")
@click.argument("name", metavar="TABLE")
@pass_database
@needs("rota_reader")
def show(database: Database, name: str) -> None:
    """One watched table."""
    row = database.row(WATCH, [name])
    if row is None and "." not in name:
        row = database.row(WATCH, [f"public.{name}"])
    if row is None:
        raise similar.WATCH.unknown(database, name)
    if output.wants_json():
        output.data(row)
        return
    state = click.style(row["state"], fg=COLOURS.get(row["state"]), bold=True)
    click.echo(f"{click.style(row['name'], bold=True)}  {state}\n")
    shown = {key: _shown(value) for key, value in row.items() if value not in (None, [], {})}
    output.fields({key: value for key, value in shown.items() if key not in ("name", "state")})


def _shown(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
