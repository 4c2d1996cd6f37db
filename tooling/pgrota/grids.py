"""Tables that keep what matters in one piece, as wide as the terminal lets them."""

from __future__ import annotations

import decimal
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pgrota import output

ENDLESS = 10_000
# Narrower than this, a column of words is no use; between columns stand so many blanks.
LEAST = 8
BETWEEN = 3


def make(
    rows: Sequence[Mapping[str, Any]],
    headings: Mapping[str, str],
    title: str | None = None,
    whole: Collection[str] = (),
) -> Table:
    """Rows as a table of rich's. Columns that are `whole` are as wide as the first lines in them,
    whatever room there is; what is longer below goes on in further lines."""
    grid = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    columns = []
    for key, heading in headings.items():
        numeric = all(_is_number(row.get(key)) for row in rows if row.get(key) is not None)
        cells = [_cell(row.get(key)) for row in rows]
        width = None
        if key in whole:
            width = _whole_width(heading, cells)
            cells = [_wrapped(cell, width) for cell in cells]
        columns.append(cells)
        grid.add_column(
            heading,
            justify="right" if numeric else "left",
            overflow="fold",
            width=width,
            no_wrap=width is not None,
        )
    for cells in zip(*columns, strict=True):
        grid.add_row(*cells)
    return grid


def extent(screen: Console, grid: Table) -> Measurement:
    """How narrow a table can be, and how wide it would like to be."""
    return screen.measure(grid, options=screen.options.update(max_width=ENDLESS))


def fits(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], whole: Collection[str]
) -> bool:
    """Whether there is room for a table without breaking what is whole."""
    screen = output.console()
    return extent(screen, make(rows, headings, whole=whole)).minimum <= screen.width


def width(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> int:
    """How wide a table would like to be."""
    grid = make(rows, {key: key for key in columns})
    return extent(output.console(), grid).maximum


def least(
    rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str], whole: Collection[str]
) -> int:
    """How narrow a table can be with something to read in each column."""
    widths = []
    for key, heading in headings.items():
        cells = [_cell(row.get(key)) for row in rows]
        if key in whole:
            widths.append(_whole_width(heading, cells))
        else:
            words = f"{heading} {' '.join(cell.plain for cell in cells)}".split()
            widths.append(min(LEAST, max(map(len, words), default=0)))
    return sum(widths) + BETWEEN * len(widths)


def records(rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> str:
    """Rows below one another, a line for each of their cells that is not empty."""
    label = max(map(len, headings.values()))
    told = []
    for row in rows:
        cells = ((heading, _cell(row.get(key)).plain) for key, heading in headings.items())
        told.append("\n".join(
            f"{heading:<{label}}  {words}".replace("\n", f"\n{'':<{label}}  ")
            for heading, words in cells if words
        ))  # fmt: skip
    return "\n\n".join(told)


def cell(words: str, style: str | None = None) -> Text:
    """Words in a colour; others may be appended."""
    return Text(output.printable(words), style=style or "")


def stack(*parts: Any) -> Text:
    """One below the other, in one cell: all but the first are of less weight."""
    stacked = cell("")
    for part in parts:
        if not part:
            continue
        if stacked:
            stacked.append("\n")
        if isinstance(part, Text):
            stacked.append_text(part)
        else:
            stacked.append(output.printable(part), style="dim" if stacked else None)
    return stacked


def number(value: int | None, style: str | None = None) -> Text:
    """A count with its thousands parted, at the right."""
    return Text("" if value is None else f"{value:,}", style=style or "", justify="right")


def _cell(value: Any) -> Text:
    return value if isinstance(value, Text) else Text(output.text(value))


def _whole_width(heading: str, cells: Sequence[Text]) -> int:
    firsts = (cell.plain.partition("\n")[0] for cell in cells)
    return max(len(heading), *map(len, firsts))


def _wrapped(text: Text, width: int) -> Text:
    if max(map(len, text.plain.split("\n"))) <= width:
        return text
    return Text("\n").join(text.wrap(output.console(), width))


def _is_number(value: Any) -> bool:
    if isinstance(value, Text):
        return value.justify == "right"
    return isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool)
