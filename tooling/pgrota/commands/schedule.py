"""`rota schedule`: what starts when, what became of it, and starting it by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from pgrota import (
    errors,
    moments,
    output,
    pauses,
    schedule_history,
    schedule_page,
    schedules,
    similar,
    stamps,
)
from pgrota.database import Database, pass_database
from pgrota.rights import needs
from pgrota.zones import Zone, zone_option

MOST_SINCE = 10_000


class Results(click.ParamType):
    """Outcomes of slots and states of their runs, with commas between them."""

    name = "results"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "OUTCOME,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> list[str]:
        if isinstance(value, list):
            return value
        wanted = [word.strip() for word in value.split(",") if word.strip()]
        for word in wanted:
            if word not in schedule_history.RESULTS:
                known = ", ".join(schedule_history.RESULTS)
                self.fail(f"{word!r} is none of {known}", param, ctx)
        return wanted


@click.group(epilog="Example: rota schedule next -n 20")
def schedule() -> None:
    """List, show, run, pause and resume schedules; their next times, history and week."""


@schedule.command("list", epilog="Example: rota schedule list --zone Asia/Tokyo")
@zone_option
@pass_database
@needs("rota_reader")
def list_(database: Database, zone: Zone) -> None:
    """Every schedule, the next one first."""
    rows = database.rows(schedules.LIST)
    if output.wants_json():
        output.data(rows)
    else:
        schedule_page.listing(rows, zone, database.value("select now()"))


@schedule.command(epilog="Example: rota schedule show nightly")
@click.argument("name")
@click.option("--slots", type=click.IntRange(0), default=10, show_default=True)
@zone_option
@pass_database
@needs("rota_reader")
def show(database: Database, name: str, slots: int, zone: Zone) -> None:
    """One schedule and its newest slots."""
    row = schedules.find(database, name) | stamps.of(database, "schedule", name)
    newest = schedules.slots(database, name, slots)
    if output.wants_json():
        output.data(row | {"slots": newest})
        return
    schedule_page.one(row, zone)
    for missed in schedules.missed(database, name):
        click.secho(f"\n{schedule_page.missed(missed, zone)}", fg="red")
    click.echo()
    if newest:
        schedule_history.table(newest, row, zone, titled=False)
    else:
        click.echo("no slots yet")


@schedule.command("next", epilog="Example: rota schedule next nightly -n 5 --zone Europe/Berlin")
@click.argument("name", required=False)
@click.option("-n", "count", type=click.IntRange(1, 1000), default=10, show_default=True)
@zone_option
@pass_database
@needs("rota_reader")
def next_(database: Database, name: str | None, count: int, zone: Zone) -> None:
    """The next times of one schedule, or of all. Those at which nothing will start are marked."""
    if name is not None:
        schedules.find(database, name)
    rows = database.rows(schedules.NEXT, {"name": name, "count": count})
    if output.wants_json():
        output.data(rows)
    else:
        schedule_page.coming(rows, zone, name)


@schedule.command(epilog="Example: rota schedule history nightly --since 30d --outcome failed")
@click.argument("name")
@click.option(
    "-n", "count", type=click.IntRange(1, MOST_SINCE), help="So many at most. Default: 20."
)
@click.option("--since", metavar="TIME", help="From then on: 2d, 12 hours, 2026-01-31.")
@click.option(
    "--outcome", "results", type=Results(), help=", ".join(schedule_history.RESULTS) + "."
)
@zone_option
@pass_database
@needs("rota_reader")
def history(
    database: Database,
    name: str,
    count: int | None,
    since: str | None,
    results: list[str] | None,
    zone: Zone,
) -> None:
    """What became of each slot of NAME, the newest first, and what that comes to."""
    row = schedules.find(database, name)
    count = count or (20 if since is None else MOST_SINCE)
    start = moments.ago(database, since, zone=zone.known_as)
    slots = schedules.slots(database, name, count + 1, start, results or None)
    older, slots = len(slots) > count, slots[:count]
    summary = schedule_history.summary(slots)
    if output.wants_json():
        output.data({"schedule": name, "slots": slots, "summary": summary, "older": older})
        return
    if not slots:
        click.echo("no slots" + (" like that" if since or results else " yet"))
        return
    schedule_history.table(slots, row, zone)
    schedule_history.summarise(summary)
    if older and count < MOST_SINCE:
        click.echo(f"older ones: rota schedule history {name} -n {min(10 * count, MOST_SINCE)}")


@schedule.command(epilog="Example: rota schedule week --from 2026-03-23 --zone Europe/Berlin")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--from", "first", metavar="DATE", help="The first day. Default: today.")
@zone_option
@pass_database
@needs("rota_reader")
def week(database: Database, names: tuple[str, ...], first: str | None, zone: Zone) -> None:
    """A calendar of seven days: which schedules fire when, or the ones named."""
    from pgrota import week as weeks
    from pgrota import week_page

    for name in names:
        schedules.find(database, name)
    found = weeks.read(database, zone, _day(database, first, zone), names)
    if output.wants_json():
        output.data(found.as_json())
    else:
        week_page.show(found)


@schedule.command(epilog="Example: rota schedule calendars")
@pass_database
@needs("rota_reader")
def calendars(database: Database) -> None:
    """The calendars that keep schedules from starting."""
    rows = database.rows(schedules.CALENDARS)
    if output.wants_json():
        output.data(rows)
    else:
        schedule_page.calendars(rows)


@schedule.command(epilog="Example: rota schedule run nightly --follow")
@click.argument("name")
@click.option("-f", "--follow", "follows", is_flag=True, help="Watch the run until it ends.")
@pass_database
@needs("rota_admin")
@click.pass_context
def run(context: click.Context, database: Database, name: str, follows: bool) -> Any:
    """Start what NAME starts, now, beside its times and whether it is paused or not."""
    with similar.SCHEDULE.named(database, name):
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
@zone_option
@pass_database
@needs("rota_admin")
def pause(database: Database, name: str, until: str | None, reason: str | None, zone: Zone) -> None:
    """Fire nothing: slots meanwhile are recorded as skipped."""
    pauses.pause(database, similar.SCHEDULE, name, until, reason, zone)


@schedule.command(epilog="Example: rota schedule resume nightly")
@click.argument("name")
@zone_option
@pass_database
@needs("rota_admin")
def resume(database: Database, name: str, zone: Zone) -> None:
    """Fire again, from the next slot on."""
    with similar.SCHEDULE.named(database, name):
        database.call("rota.resume", kind="schedule", name=name)
    row = schedules.find(database, name)
    if output.wants_json():
        output.data({"schedule": name, "paused": False, "next_at": row["next_at"]})
    else:
        following = schedule_page.with_own(row, row["next_start_at"], zone)
        click.echo(f"schedule {name} goes on" + (f", next {following}" if following else ""))


def _day(database: Database, text: str | None, zone: Zone) -> date:
    if text is None:
        return zone.local(database.value("select now()")).date()
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        day = None
    # Beyond, neither calendars nor clocks mean anything.
    if day is None or not 1900 <= day.year <= 2999:
        raise click.BadParameter(f"{text!r} is no day: 2026-01-31 is", param_hint="'--from'")
    return day
