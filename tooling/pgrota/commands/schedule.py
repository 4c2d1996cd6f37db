"""`rota schedule`: what starts when, what became of it, and starting it by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from pgrota import errors, moments, output
from pgrota.database import Database, pass_database
from pgrota.errors import Problem
from pgrota.rights import needs

SCHEDULES = "select s.* from rota.schedules as s order by s.next_at nulls last, s.name"
SCHEDULE = "select s.* from rota.schedules as s where s.name = %s"
SLOTS = """
select s.* from rota.slots as s where s.schedule = %(name)s
order by s.slot desc limit %(limit)s
"""
NEXT = """
with recursive firing as (
  select s.name, s.cron, s.timezone, s.paused, s.next_at as at, 1 as place
  from rota.schedules as s
  where isfinite(s.next_at) and (%(name)s::text is null or s.name = %(name)s)
  union all
  select f.name, f.cron, f.timezone, f.paused, rota.cron_next(f.cron, f.at, f.timezone),
    f.place + 1
  from firing as f
  where f.place < %(count)s
)
select f.at, f.name, f.cron, f.timezone, f.paused
from firing as f
order by f.at, f.name
limit %(count)s
"""


class Zone(click.ParamType):
    """The name of a time zone, such as Europe/Berlin."""

    name = "zone"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        from zoneinfo import ZoneInfo

        try:
            return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            self.fail(f"{value!r} is no time zone; UTC and Europe/Berlin are", param, ctx)


zone_option = click.option(
    "--zone", type=Zone(), help="Show times in this zone. Default: the zone of this machine."
)


@click.group(epilog="Example: rota schedule next -n 20")
def schedule() -> None:
    """List, show, run, pause and resume schedules."""


@schedule.command("list", epilog="Example: rota schedule list --zone Asia/Tokyo")
@zone_option
@pass_database
@needs("rota_reader")
def list_(database: Database, zone: Any) -> None:
    """Every schedule, the next one first."""
    rows = database.rows(SCHEDULES)
    if output.wants_json():
        output.data(rows)
        return
    shown = [
        {
            "name": row["name"],
            "cron": row["cron"],
            "zone": row["timezone"],
            "starts": row["task"] or row["command"],
            "next": _time(row["next_at"], zone),
            "last": _time(row["last_slot"], zone),
            "outcome": row["last_outcome"],
            "run": row["last_run_state"],
            "state": _pause(row, zone) or "on",
        }
        for row in rows
    ]
    output.table(shown, empty="no schedules: select rota.define_schedule(...);")


@schedule.command(epilog="Example: rota schedule show nightly")
@click.argument("name")
@click.option("--slots", type=click.IntRange(0), default=10, show_default=True)
@zone_option
@pass_database
@needs("rota_reader")
def show(database: Database, name: str, slots: int, zone: Any) -> None:
    """One schedule and its newest slots."""
    row = _one(database, name)
    newest = database.rows(SLOTS, {"name": name, "limit": slots})
    if output.wants_json():
        output.data(row | {"slots": newest})
        return
    state = _pause(row, zone) or "on"
    hidden = ("paused", "paused_until", "pause_reason")
    fields = {
        key: _time(value, zone) if isinstance(value, datetime) else value
        for key, value in row.items()
        if key not in hidden and value not in (None, {})
    }
    output.fields({"name": fields.pop("name"), "state": state} | fields)
    output.table([_slot(slot, zone) for slot in newest], title="Slots", empty="none yet")


@schedule.command("next", epilog="Example: rota schedule next nightly -n 5 --zone Europe/Berlin")
@click.argument("name", required=False)
@click.option("-n", "count", type=click.IntRange(1, 1000), default=10, show_default=True)
@zone_option
@pass_database
@needs("rota_reader")
def next_(database: Database, name: str | None, count: int, zone: Any) -> None:
    """The next times of one schedule, or of all."""
    if name is not None:
        _one(database, name)
    rows = database.rows(NEXT, {"name": name, "count": count})
    if output.wants_json():
        output.data(rows)
        return
    from zoneinfo import ZoneInfo

    shown = [
        {
            "at": _time(row["at"], zone),
            "schedule": row["name"],
            "in its zone": f"{_time(row['at'], ZoneInfo(row['timezone']))} {row['timezone']}",
            "cron": row["cron"],
            "state": "paused" if row["paused"] else "",
        }
        for row in rows
    ]
    output.table(shown, empty="nothing will fire")


@schedule.command(epilog="Example: rota schedule run nightly --follow")
@click.argument("name")
@click.option("-f", "--follow", "follows", is_flag=True, help="Watch the run until it ends.")
@pass_database
@needs("rota_admin")
@click.pass_context
def run(context: click.Context, database: Database, name: str, follows: bool) -> Any:
    """Start what NAME starts, now, beside its times."""
    run_id = database.call("rota.start_schedule", name=name)
    if follows:
        from pgrota.commands.run import run as runs

        return context.invoke(runs.commands["follow"], run_id=run_id)
    if output.wants_json():
        output.data({"schedule": name, "run_id": run_id})
    else:
        click.echo(f"run {run_id} queued; watch it with: rota run follow {run_id}")
    return errors.OK


@schedule.command(epilog="Example: rota schedule pause nightly --until 2h --reason 'stocktaking'")
@click.argument("name")
@click.option("--until", metavar="TIME", help="When it goes on: 2h, 2026-01-31 12:00.")
@click.option("--reason", help="Shown to whoever looks.")
@pass_database
@needs("rota_admin")
def pause(database: Database, name: str, until: str | None, reason: str | None) -> None:
    """Fire nothing: slots meanwhile are recorded as skipped."""
    moment = moments.ahead(database, until, "--until")
    database.call("rota.pause", kind="schedule", name=name, until=moment, reason=reason)
    if output.wants_json():
        output.data({"schedule": name, "paused": True, "until": moment, "reason": reason})
    elif moment:
        click.echo(f"schedule {name} is paused until {_time(moment, None)}")
    else:
        click.echo(f"schedule {name} is paused; go on with: rota schedule resume {name}")


@schedule.command(epilog="Example: rota schedule resume nightly")
@click.argument("name")
@pass_database
@needs("rota_admin")
def resume(database: Database, name: str) -> None:
    """Fire again, from the next slot on."""
    database.call("rota.resume", kind="schedule", name=name)
    if output.wants_json():
        output.data({"schedule": name, "paused": False})
    else:
        click.echo(f"schedule {name} goes on")


def _one(database: Database, name: str) -> dict[str, Any]:
    row = database.row(SCHEDULE, [name])
    if row is None:
        raise Problem(f"schedule {name} does not exist", hint="rota schedule list")
    return row


def _slot(row: dict[str, Any], zone: Any) -> dict[str, Any]:
    through = f" to {_time(row['through'], zone)}" if row["through"] else ""
    return {
        "slot": _time(row["slot"], zone) + through,
        "outcome": row["outcome"],
        "reason": row["reason"],
        "run": row["run_id"],
        "late": row["fired_at"] - row["slot"],
        "by": row["fired_by"],
    }


def _time(at: datetime | None, zone: Any) -> str:
    return output.text(at.astimezone(zone)) if at else ""


def _pause(row: dict[str, Any], zone: Any) -> str:
    if not row["paused"]:
        return ""
    until = f" until {_time(row['paused_until'], zone)}" if row["paused_until"] else ""
    reason = f": {row['pause_reason']}" if row["pause_reason"] else ""
    return f"paused{until}{reason}"
