"""rota status."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import psycopg

from pgrota import (
    deploy_state,
    diagnosis,
    errors,
    output,
    runs,
    schedule_page,
    schedules,
    subscription_list,
    subscription_page,
    subscriptions,
)
from pgrota.commands.doctor import show
from pgrota.database import Database, pass_database
from pgrota.zones import Zone, zone_option

WORKERS = """
select w.kind, w.lane, w.state, w.run_id, w.task, w.pid, w.started_at, w.seen_at
from rota.workers as w
where w.state = 'working'
order by w.kind, w.lane, w.worker_id
"""
MOST_SHOWN = 20
FAILURES = """
select r.run_id, r.task, r.finished_at, r.attempt as attempts, r.error ->> 'sqlstate' as sqlstate,
  concat_ws(': ', r.error ->> 'step', r.error ->> 'message') as message, r.step, r.parent_run_id
from rota.runs as r
where r.state = 'failed' and r.finished_at > now() - interval '1 day'
order by r.finished_at desc
limit 20
"""


@click.command(epilog="Example: rota status --zone Europe/Berlin")
@zone_option
@pass_database
def status(database: Database, zone: Zone) -> int:
    """Health, workers, schedules, subscriptions, failures of the last day, what is deployed."""
    health = diagnosis.health(database)
    sections = {
        "workers": _rows(database, "rota.workers", WORKERS),
        "schedules": _rows(database, "rota.schedules", schedules.LIST),
        "missed_deadlines": _rows(
            database, "rota.missed_deadlines", schedules.MISSED, {"name": None}
        ),
        "subscriptions": _rows(database, "rota.subscriptions", subscriptions.LIST),
        "failures": _rows(database, "rota.runs", FAILURES),
        "deploys": deploy_state.read(database),
    }
    worst = diagnosis.worst(health)
    if output.wants_json():
        output.data({"status": worst, "health": health, **sections})
        return errors.OK
    click.echo(f"{database.shown}: {worst}")
    click.echo()
    show([row for row in health if row["status"] != diagnosis.OK])
    if worst == diagnosis.CRITICAL:
        click.echo("more: rota doctor")
    now = database.value("select now()")
    click.echo()
    schedule_page.times_in(zone)
    _table("Workers", _timed(sections["workers"], zone, now), whole=("started", "seen"))
    _missed(sections["missed_deadlines"], zone)
    _schedules(sections["schedules"], zone, now)
    _subscriptions(sections["subscriptions"], zone)
    failures = _timed(_of_steps(sections["failures"]), zone, now)
    _table("Failures of the last day", failures, whole=("finished",))
    _deploys(sections["deploys"], zone, now)
    return errors.OK


def _rows(database: Database, view: str, query: str, wanted: Any = None) -> list[dict] | None:
    """The rows, or None where this database does not have the view or hides it from us."""
    if not database.exists(view):
        return None
    try:
        return database.rows(query, wanted)
    except psycopg.errors.InsufficientPrivilege:
        return None


def _missed(rows: list[dict] | None, zone: Zone) -> None:
    if rows:
        click.secho("\nMissed deadlines", italic=True)
        for row in rows:
            click.secho(f"  {schedule_page.missed(row, zone)}", fg="red")


def _schedules(rows: list[dict] | None, zone: Zone, now: datetime) -> None:
    """The schedules: all of a few, else those that deserve a look."""
    if not rows:
        _table("Schedules", rows)
        return
    shown = rows if len(rows) <= MOST_SHOWN else [row for row in rows if _is_odd(row)]
    shown = shown[:MOST_SHOWN]
    _table(
        "Schedules",
        [schedule_page.brief(row, zone, now) for row in shown],
        whole=("next", "last"),
        expendable=("cron",),
        empty="all as they should be",
    )
    if len(shown) < len(rows):
        click.echo(f"{len(rows)} schedules in all: rota schedule list")


def _subscriptions(rows: list[dict] | None, zone: Zone) -> None:
    """The subscriptions: all of a few, else those that lag, fail, stand still or have dead letters.

    Nothing is said where there are none.
    """
    if not rows and rows is not None:
        return
    shown = rows and [r for r in rows if len(rows) <= MOST_SHOWN or subscription_page.is_odd(r)]
    if not shown:
        _table("Subscriptions", shown, empty="all as they should be")
    else:
        click.echo()
        subscription_list.listing(shown[:MOST_SHOWN], zone, title="Subscriptions")
    if rows and len(shown) < len(rows):
        click.echo(f"{len(rows)} subscriptions in all: rota subscription list")


def _deploys(state: dict | None, zone: Zone, now: datetime) -> None:
    """The last deploy of each project, and whether it still stands."""
    rows = state and [{k: v for k, v in row.items() if k != "tool"} for row in state["projects"]]
    _table("Deployed", _timed(rows, zone, now), whole=("deployed",))
    if state and state["drift"]:
        count = len(state["drift"])
        click.secho(f"{count} changed on the server since: rota drift", fg="red")
    if state and state["unmanaged"]:
        count = len(state["unmanaged"])
        words = "definition is" if count == 1 else "definitions are"
        click.echo(f"{count} {words} in no project's files: rota drift lists them")


def _is_odd(row: dict) -> bool:
    return (
        row["paused"]
        or row["last_outcome"] in ("missed", "failed")
        or row["last_run_state"] in ("failed", "cancelled")
    )


def _of_steps(rows: list[dict] | None) -> list[dict] | None:
    """The failures, those of pipelines' steps marked as such."""
    own = ("step", "parent_run_id")
    return rows and [
        {key: value for key, value in (row | {"task": runs.label(row)}).items() if key not in own}
        for row in rows
    ]


def _timed(rows: list[dict] | None, zone: Zone, now: datetime) -> list[dict] | None:
    """The rows with their times as people read them."""
    if not rows:
        return rows
    return [
        {
            key.removesuffix("_at"): zone.recent(value, now)
            if isinstance(value, datetime)
            else value
            for key, value in row.items()
        }
        for row in rows
    ]


def _table(title: str, rows: list[dict] | None, empty: str = "none", **layout: Any) -> None:
    click.echo()
    if rows is None:
        click.echo(f"{title}: not to be seen here (rota deploy, or: grant rota_reader to you)")
        return
    output.table(rows, title=title, empty=empty, **layout)
