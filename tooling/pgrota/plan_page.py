"""Changes and drift, as people read them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from pgrota.change import Change, Fields, shown
from pgrota.definitions import Definition
from pgrota.drift import Drift

SIGNS = {
    "create": "+", "apply": "+", "change": "~", "restate": "~", "replace": "±", "drop": "-",
}  # fmt: skip
COLOURS = {"+": "green", "-": "red", "~": "yellow", "±": "yellow", "@": "cyan"}
INDENT = " " * 6
LONGEST_VALUE = 70
MANY = 20


def brief(changes: Sequence[Change]) -> Iterator[str]:
    """A line for each change, and one for many of the same kind."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.action, change.kind), []).append(change)
    for (action, kind), members in groups.items():
        sign = f"{SIGNS[action]} {kind:<9}"
        if len(members) > MANY:
            yield f"  {sign} {len(members)}, from {members[0].name} to {members[-1].name}"
        else:
            yield from (f"  {sign} {member.name}" for member in members)


def planned(changes: Sequence[Change]) -> None:
    """Each change with all that differs; of many that are only made, a line."""
    plain = [c for c in changes if not (c.fields or c.diff or c.dependants)]
    for line in brief(plain):
        click.secho(line, fg=COLOURS[line.strip()[0]])
    for change in changes:
        if change in plain:
            continue
        sign = SIGNS[change.action]
        place = f"  ({change.file})" if change.file else ""
        click.secho(f"  {sign} {change.kind:<9} {change.name}{place}", fg=COLOURS[sign])
        if change.action == "replace":
            click.echo(f"{INDENT}is dropped and created, since its shape changes")
        if change.dependants:
            fate = "and with it" if change.action == "drop" else "and with it, made again"
            click.echo(f"{INDENT}{fate}: {', '.join(change.dependants)}")
        _fields(change.fields)
        _diff(change.diff)


def drifted(found: Sequence[Drift]) -> None:
    """What others changed, each with what is known of it."""
    if not found:
        click.echo("no drift: everything is as it was deployed")
    for drift in found:
        click.secho(f"  {drift}", fg="yellow")
        _fields(drift.fields)
        _diff(drift.diff)
    if found:
        click.echo(f"{len(found)} drifted; rota deploy --force makes the files' say hold")


def unmanaged(found: Sequence[Definition]) -> None:
    """What was defined by hand."""
    if not found:
        return
    click.echo("Unmanaged: defined by hand, in no project's files")
    for each in found:
        when = f" at {each.at:%Y-%m-%d %H:%M %Z}" if each.at else ""
        click.echo(f"    {each.kind:<12} {each.name}, by {each.by}{when}")


def _fields(fields: Fields) -> None:
    for name, (was, now) in fields.items():
        lines = _entries_apart(name, was, now)
        if lines is not None:
            click.echo(f"{INDENT}{name}:")
            for line in lines:
                click.secho(f"{INDENT}  {line}", fg=COLOURS[line[0]])
            continue
        before, after = shown(was), shown(now)
        if isinstance(was, dict | list) and isinstance(now, dict | list):
            before, after = _lines_apart(was, now)
        if len(before) + len(after) <= LONGEST_VALUE and "\n" not in before + after:
            click.echo(f"{INDENT}{name}: {before} -> {after}")
        else:
            click.echo(f"{INDENT}{name}:")
            for sign, value in (("-", before), ("+", after)):
                for line in value.splitlines():
                    click.secho(f"{INDENT}  {sign} {line}", fg=COLOURS[sign])


def _entries_apart(name: str, was: Any, now: Any) -> Iterable[str] | None:
    """What came, went or changed of a value that is made of entries."""
    if name == "privileges":
        return _privileges_apart(was, now)
    return _items_apart(was, now) if _is_named(was) and _is_named(now) else None


def _privileges_apart(was: str | None, now: str | None) -> Iterator[str]:
    before, after = ((entries or "").split(", ") for entries in (was, now))
    yield from (f"- {entry}" for entry in before if entry and entry not in after)
    yield from (f"+ {entry}" for entry in after if entry and entry not in before)


def _is_named(value: Any) -> bool:
    """Whether it is a list such as the steps of a pipeline."""
    return isinstance(value, list) and all(isinstance(x, dict) and "name" in x for x in value)


def _items_apart(was: Sequence[dict], now: Sequence[dict]) -> Iterator[str]:
    """What came, went or changed, item by item, in the order in which they are now."""
    before, after = ({item["name"]: item for item in items} for items in (was, now))
    for name, item in after.items():
        old = before.get(name)
        if old is None:
            more = {key: value for key, value in item.items() if key != "name"}
            yield f"+ {name}: {shown(more)}"
            continue
        for key in dict.fromkeys([*old, *item]):
            if old.get(key) != item.get(key):
                values = (shown(x[key]) if key in x else "not given" for x in (old, item))
                yield f"~ {name}: {key} {' -> '.join(values)}"
    yield from (f"- {name}" for name in before if name not in after)
    orders = [
        [name for name in names if name in before and name in after] for names in (before, after)
    ]
    if orders[0] != orders[1]:
        yield f"~ order: {', '.join(orders[0])} -> {', '.join(orders[1])}"


def _lines_apart(was: Any, now: Any) -> tuple[str, str]:
    """Where two long values differ, line by line; of short ones all."""
    if len(shown(was)) + len(shown(now)) <= LONGEST_VALUE:
        return shown(was), shown(now)
    before, after = (json.dumps(v, indent=2, ensure_ascii=False).splitlines() for v in (was, now))
    lines = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]
    old, new = ("\n".join(x[2:] for x in lines if x[0] == sign) for sign in "-+")
    return old or "nothing", new or "nothing"


def _diff(lines: Sequence[str]) -> None:
    for line in lines:
        click.secho(f"{INDENT}{line}", fg=COLOURS.get(line[:1]))
