"""rota status."""

from __future__ import annotations

import click
import psycopg

from pgrota import diagnosis, errors, output
from pgrota.commands.doctor import show
from pgrota.database import Database, pass_database

WORKERS = """
select w.kind, w.lane, w.state, w.run_id, w.task, w.pid, w.started_at, w.seen_at
from rota.workers as w
where w.state = 'working'
order by w.kind, w.lane, w.worker_id
"""
SCHEDULES = "select s.* from rota.schedules as s order by s.name"
SCHEDULE_COLUMNS = (
    "name", "cron", "timezone", "task", "command", "paused", "last_at", "last_state", "next_at",
)  # fmt: skip
FAILURES = """
select r.run_id, r.task, r.finished_at, r.attempt as attempts, r.error ->> 'sqlstate' as sqlstate,
  r.error ->> 'message' as message
from rota.runs as r
where r.state = 'failed' and r.finished_at > now() - interval '1 day'
order by r.finished_at desc
limit 20
"""


@click.command(epilog="Example: rota status --json")
@pass_database
def status(database: Database) -> int:
    """Health, workers, schedules with last and next time, and failures of the last day."""
    health = diagnosis.health(database)
    sections = {
        "workers": _rows(database, "rota.workers", WORKERS),
        "schedules": _rows(database, "rota.schedules", SCHEDULES),
        "failures": _rows(database, "rota.runs", FAILURES),
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
    _table("Workers", sections["workers"])
    _table("Schedules", _schedules(sections["schedules"]))
    _table("Failures of the last day", sections["failures"])
    return errors.OK


def _rows(database: Database, view: str, query: str) -> list[dict] | None:
    """The rows, or None where this database does not have the view or hides it from us."""
    if not database.exists(view):
        return None
    try:
        return database.rows(query)
    except psycopg.errors.InsufficientPrivilege:
        return None


def _schedules(rows: list[dict] | None) -> list[dict] | None:
    if not rows:
        return rows
    shown = [name for name in SCHEDULE_COLUMNS if any(row.get(name) for row in rows)]
    return [{name: row.get(name) for name in shown} for row in rows]


def _table(title: str, rows: list[dict] | None) -> None:
    click.echo()
    if rows is None:
        click.echo(f"{title}: not to be seen here (rota deploy, or: grant rota_reader to you)")
        return
    output.table(rows, title=title, empty="none")
