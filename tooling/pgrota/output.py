"""Data to stdout, progress to stderr; tables for people, JSON for programs."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_OF_A_PIPE = 160


def wants_json() -> bool:
    """Whether the user asked for --json, before or after the command."""
    context = click.get_current_context(silent=True)
    options = context.find_root().obj if context else None
    return bool(getattr(options, "json", False))


def console(stderr: bool = False) -> Console:
    """A console that keeps whole lines when nobody looks, and colours only when somebody does."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    columns = os.environ.get("COLUMNS", "")
    width = None if stream.isatty() or columns.isdigit() else WIDTH_OF_A_PIPE
    return Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False
    )


def progress(message: str) -> None:
    """Say what is going on, where it does not get into the data."""
    from pgrota.masking import mask

    click.echo(mask(message), err=True)


def warn(message: str) -> None:
    """A remark that does not stop the work."""
    from pgrota.masking import mask

    click.secho(f"Note: {mask(message)}", err=True, fg="yellow")


def data(value: Any) -> None:
    """One value as JSON on stdout."""
    click.echo(json.dumps(value, default=plain, ensure_ascii=False, indent=2))


def table(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str] | Mapping[str, str] | None = None,
    title: str | None = None,
    empty: str = "nothing to show",
    whole: Collection[str] = (),
    expendable: Sequence[str] = (),
) -> None:
    """Rows as a table; as a JSON list with --json. `columns` maps a key to its heading.

    Of columns that are `whole` the first line of a cell is not broken. Of the `expendable` ones as
    many are left out, from the first on, as it takes to fit the others in without breaking any.
    Where there is no room for a table the cells stand below one another. They may be rich's `Text`.
    """
    rows = list(rows)
    if wants_json():
        data(rows)
        return
    if not rows:
        click.echo(f"{title}: {empty}" if title else empty)
        return
    from pgrota import grids

    headings = _headings(rows, columns)
    screen = console()
    everything = dict(headings)
    grid = grids.make(rows, headings, title, whole)
    for key in expendable:
        if grids.extent(screen, grid).maximum <= screen.width:
            break
        headings.pop(key, None)
        grid = grids.make(rows, headings, title, whole)
    if grids.least(rows, headings, whole) > screen.width:
        click.echo("\n\n".join(filter(None, (title, grids.records(rows, everything)))) + "\n")
    else:
        screen.print(grid)


def fields(record: Mapping[str, Any], title: str | None = None) -> None:
    """One record, a field a line; as a JSON object with --json."""
    if wants_json():
        data(dict(record))
        return
    if title:
        click.secho(title, bold=True)
    width = max((len(key) for key in record), default=0)
    for key, value in record.items():
        lines = text(value).splitlines() or [""]
        click.echo(f"{key:<{width}}  {lines[0]}")
        for line in lines[1:]:
            click.echo(f"{'':<{width}}  {line}")


def text(value: Any) -> str:
    """A value the way a person wants to read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, datetime.timedelta):
        return duration(value)
    if isinstance(value, dict | list):
        return json.dumps(value, default=plain, ensure_ascii=False)
    return printable(str(value))


def printable(words: str) -> str:
    """Text without what would steer the terminal."""
    return "".join(c if c in "\n\t" or c.isprintable() else repr(c)[1:-1] for c in words)


def duration(length: datetime.timedelta) -> str:
    """`1.2 s`, `4 min 3 s`, `2 h`: two figures are enough."""
    seconds = length.total_seconds()
    if abs(seconds) < 60:
        return f"{seconds:.1f} s" if abs(seconds) >= 0.1 else f"{seconds * 1000:.0f} ms"
    minutes, rest = divmod(int(seconds), 60)
    hours, less = divmod(minutes, 60)
    if abs(minutes) < 60:
        return f"{minutes} min {rest} s".removesuffix(" 0 s")
    if abs(hours) < 48:
        return f"{hours} h {less} min".removesuffix(" 0 min")
    return f"{hours // 24} d {hours % 24} h".removesuffix(" 0 h")


def plain(value: Any) -> Any:
    """What json cannot write by itself."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _headings(rows: list, columns: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    if columns is None:
        columns = list(rows[0])
    if isinstance(columns, Mapping):
        return dict(columns)
    return {key: key.replace("_", " ") for key in columns}
