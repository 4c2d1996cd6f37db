"""How a week of schedules looks: hours by days where names fit in, else days by hours."""

from __future__ import annotations

import string
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click

from pgrota import grids, output, schedule_page, week_times, zones
from pgrota.week import DAYS, Slot, Week

KEYS = string.ascii_lowercase + string.ascii_uppercase
# Room for a minute and enough of a name in each of seven columns.
NAMES_FROM = 120
MOST_NAMED = 30
MOST_IN_A_CELL = 4
MOST_SHOWN = 99

Hours = dict[tuple[date, int], dict[str, list[Slot]]]


def show(week: Week) -> None:
    """Print the week."""
    first, last = week.days[0], week.days[-1]
    click.echo(click.style(f"{first:%a %Y-%m-%d} to {last:%a %Y-%m-%d}", bold=True))
    schedule_page.times_in(week.zone)
    for day, change in zones.clock_changes(week.zone, week.days):
        way = "forward" if change > timedelta() else "back"
        minutes = int(abs(change).total_seconds() // 60)
        click.echo(f"{day:%a %Y-%m-%d}: clocks go {way} {minutes} minutes")
    if not week.schedules:
        click.echo(schedule_page.NONE)
        return
    if week.scarce:
        click.echo()
        _grid(week)
    elif not week.frequent:
        click.echo("\nnothing fires in these days")
    week_times.frequent(week)
    week_times.skipped(week)


def _grid(week: Week) -> None:
    hours: Hours = defaultdict(lambda: defaultdict(list))
    for planned in week.scarce:
        for slot in planned.slots:
            local = week.zone.local(slot.at)
            hours[local.date(), local.hour][planned.name].append(slot)
    if output.console().width >= NAMES_FROM and len(week.scarce) <= MOST_NAMED:
        _by_names(week, hours)
    elif len(week.scarce) <= len(KEYS):
        keys = dict(zip((planned.name for planned in week.scarce), KEYS, strict=False))
        _by_keys(week, hours, keys)
        week_times.legend(week, keys)
    else:
        _by_keys(week, hours, {})
        week_times.busiest(week, hours)


def _by_names(week: Week, hours: Hours) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    screen = output.console()
    room = (screen.width - 6) // DAYS - 3
    grid = Table(box=SIMPLE_HEAD, pad_edge=False)
    grid.add_column("")
    for day in week.days:
        grid.add_column(f"{day:%a %d %b}", no_wrap=True, width=room)
    for hour in sorted({hour for _, hour in hours}):
        cells = [_names(week, hours.get((day, hour), {}), room) for day in week.days]
        grid.add_row(f"{hour:02}", *cells)
    screen.print(grid)


def _names(week: Week, found: dict[str, list[Slot]], room: int) -> Any:
    cell = grids.cell("", None)
    shown = sorted(found.items(), key=lambda item: (item[1][0].at, item[0]))
    most = MOST_IN_A_CELL if len(shown) <= MOST_IN_A_CELL else MOST_IN_A_CELL - 1
    for name, slots in shown[:most]:
        idle = all(slot.skipped for slot in slots)
        minutes = f":{week.zone.local(slots[0].at):%M}"
        if len(slots) > 1:
            minutes += f"-{week.zone.local(slots[-1].at):%M}"
        words = f"{minutes} {week_times.NOT if idle else ''}{name}"
        if len(words) > room:
            words = f"{words[: room - 1]}…"
        cell.append(("\n" if cell else "") + words, style="dim" if idle else None)
    if len(shown) > most:
        cell.append(f"\n+ {len(shown) - most} more", style="dim")
    return cell


def _by_keys(week: Week, hours: Hours, keys: dict[str, str]) -> None:
    """Days by hours, three characters an hour: 79 in all."""
    click.secho(f"{'':<7}" + "".join(f" {hour:02}" for hour in range(24)), bold=True)
    for day in week.days:
        cells = (_mark(week, day, hour, hours.get((day, hour), {}), keys) for hour in range(24))
        click.echo(click.style(f"{day:%a %d} ", bold=True) + "".join(cells))
    click.echo()


def _mark(
    week: Week, day: date, hour: int, found: dict[str, list[Slot]], keys: dict[str, str]
) -> str:
    if not found:
        return click.style(f"{'·' if _exists(week, day, hour) else '':>3}", dim=True)
    starting = {name for name, slots in found.items() if not all(s.skipped for s in slots)}
    idle = "" if starting else week_times.NOT
    names = [name for name in found if name in starting or idle]
    if keys and len(names) + len(idle) <= 2:
        words = "".join(sorted(keys[name] for name in names))
    else:
        words = str(min(len(names), MOST_SHOWN))
    return click.style(f"{words + idle:>3}", dim=bool(idle), fg=None if idle else "cyan")


def _exists(week: Week, day: date, hour: int) -> bool:
    """Whether the clocks show this hour on that day."""
    wall = datetime(day.year, day.month, day.day, hour, 59)
    shown = week.zone.local(week.zone.moment(wall).astimezone(UTC))
    return shown.hour == hour
