"""Times as people read them: in a zone of theirs, with another zone beside it where it differs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import click

LOCALTIME = Path("/etc/localtime")


@dataclass(frozen=True)
class Zone:
    """A time zone with a name. Without `info` it is the machine's, which the C library knows."""

    name: str
    info: tzinfo | None = None

    @property
    def known_as(self) -> str | None:
        """Its name for others; none where only this machine knows the zone."""
        return self.name if self.info else None

    def local(self, at: datetime) -> datetime:
        """A moment on this zone's clocks."""
        return at.astimezone(self.info)

    def midnight(self, day: date) -> datetime:
        """The moment at which a day begins here."""
        return self.moment(datetime(day.year, day.month, day.day))

    def moment(self, wall: datetime) -> datetime:
        """The moment at which clocks here show this time."""
        return wall.replace(tzinfo=self.info) if self.info else wall.astimezone()

    def text(self, at: datetime | None, seconds: bool | None = None) -> str:
        """`Fri 2026-01-02 11:00`; with the seconds where they are not zero, unless told."""
        return f"{self.local(at):%a %Y-%m-%d} {self.clock(at, seconds)}" if at else ""

    def clock(self, at: datetime, seconds: bool | None = None) -> str:
        """`11:00`."""
        local = self.local(at)
        shown = local.second != 0 if seconds is None else seconds
        return f"{local:%H:%M:%S}" if shown else f"{local:%H:%M}"

    def recent(self, at: datetime | None, now: datetime) -> str:
        """`Fri 11:00` within the last days, else the day alone."""
        if at is None:
            return ""
        near = timedelta() <= now - at < timedelta(days=6)
        return f"{self.local(at):%a %H:%M}" if near else f"{self.local(at):%Y-%m-%d}"

    def differs(self, other: Zone | None, at: datetime) -> bool:
        """Whether the clocks of two zones show different times at this moment."""
        return other is not None and self.local(at).utcoffset() != other.local(at).utcoffset()

    def beside(self, other: Zone | None, at: datetime | None, seconds: bool | None = None) -> str:
        """The time in another zone, `Thu 21:00`, and nothing where it is the same there.

        The day is named where it is another one.
        """
        if at is None or other is None or not self.differs(other, at):
            return ""
        local = other.local(at)
        day = "" if local.date() == self.local(at).date() else f"{local:%a} "
        return day + other.clock(at, seconds)


class ZoneName(click.ParamType):
    """The name of a time zone, such as Europe/Berlin."""

    name = "zone"

    def convert(self, value: Any, param: Any, ctx: Any) -> Zone:
        found = value if isinstance(value, Zone) else named(value)
        if found is None:
            self.fail(f"{value!r} is no time zone; UTC and Europe/Berlin are", param, ctx)
        return found


zone_option = click.option(
    "--zone",
    type=ZoneName(),
    default=lambda: machine(),
    help="Show times in this zone. Default: the zone of this machine.",
)


def named(name: str) -> Zone | None:
    """A zone by its name; None where this machine does not know it."""
    from zoneinfo import ZoneInfo

    try:
        return Zone(name, ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return None


def machine() -> Zone:
    """The zone of this machine, by its name where that can be found out."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    if not candidates[0]:
        candidates = [str(LOCALTIME.resolve()).rpartition("zoneinfo/")[2]]
    found = next((zone for name in candidates if name and (zone := named(name))), None)
    if found is None:
        return Zone("/".join(dict.fromkeys(time.tzname)))
    return Zone(found.name.removeprefix("Etc/"), found.info)


def clock_changes(zone: Zone, days: list[date]) -> list[tuple[date, timedelta]]:
    """On which of the days the clocks change, and by how much."""
    found = []
    for day in days:
        before = zone.local(zone.midnight(day)).utcoffset()
        after = zone.local(zone.midnight(day + timedelta(days=1))).utcoffset()
        if before != after:
            found.append((day, after - before))
    return found
