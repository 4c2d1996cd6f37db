"""A clock that stands still, schedules of a task that does nothing, and their slots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from harness import Clone

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


def prepare(database: Clone) -> Clone:
    database.run("create function public.work(input jsonb) returns void language sql as 'select'")
    database.run("select rota.define_task('work', 'public.work')")
    return database


def set_clock(app: Clone, at: datetime) -> None:
    """From now on it is always this time, in every session."""
    app.run(
        "create or replace function rota_core.wall_clock() returns timestamptz language plpgsql"
        " set search_path = pg_catalog, pg_temp"
        f" as $$ begin return timestamptz '{at.isoformat()}'; end $$"
    )


def define(app: Clone, cron: str, name: str = "job", **policy: Any) -> None:
    policy = {"name": name, "cron": cron, "task": "work"} | policy
    given = ", ".join(f"{argument} => %s" for argument in policy)
    app.run(f"select rota.define_schedule({given})", *policy.values())


def fire(app: Clone) -> int:
    return app.value("select rota_core.fire_due()", user="rota_worker")


def slots(app: Clone, name: str = "job") -> list[tuple[str, str]]:
    """Time and outcome of each slot, in order."""
    found = app.run(
        "select to_char(s.slot at time zone 'UTC', 'HH24:MI'), s.outcome"
        " from rota.slots as s where s.schedule = %s order by s.slot",
        name,
    )
    return [tuple(row) for row in found]


def next_at(app: Clone, name: str = "job") -> datetime:
    return app.value("select s.next_at from rota.schedules as s where s.name = %s", name)


def live_runs(app: Clone) -> int:
    return app.value("select count(*) from rota_core.run")


def end_runs(app: Clone) -> None:
    app.run("delete from rota_core.run")
