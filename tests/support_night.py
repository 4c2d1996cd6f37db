"""What the tests of the night batch share: a moment, and how to run a batch at it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from harness import Clone, Harness, wait_until

DAY = date(2026, 3, 28)
MIDNIGHT = datetime(2026, 3, 28, tzinfo=UTC)
NOW = datetime(2026, 3, 29, 3, 0, 0, 123457, tzinfo=UTC)
CUTOFF = NOW - timedelta(days=30)
TICK = timedelta(microseconds=1)


def make_night(harness: Harness) -> Clone:
    """A database with the engine and the recipe."""
    return harness.clone(template=harness.recipes().name)


def start(night: Clone, **settings: Any) -> int:
    given = {"day": str(DAY), "now": NOW.isoformat(), **settings}
    return night.value("select s.run_id from rota.start('night-batch', %s) as s", Jsonb(given))


def get(night: Clone, run_id: int) -> dict[str, Any]:
    return night.value("select rota.get_run(%s)", run_id)


def finish(night: Clone, run_id: int) -> dict[str, Any]:
    """Let workers execute the run and return what became of it."""
    workers = [night.work(), night.work(lane="batch")]
    wait_until(lambda: get(night, run_id)["finished_at"], timeout=60, what=f"run {run_id} to end")
    for worker in workers:
        worker.terminate()
        worker.join()
    return get(night, run_id)


def part(night: Clone, run_id: int, step: str) -> dict[str, Any]:
    """The run of a step."""
    found = night.value(
        "select step_run_id from rota.pipeline_steps where run_id = %s and step = %s", run_id, step
    )
    return get(night, found) if found else {"finished_at": None, "progress": None}


def run_batch(night: Clone, **settings: Any) -> dict[str, Any]:
    """The output of a run that must succeed."""
    run = finish(night, start(night, **settings))
    assert run["state"] == "succeeded", run["error"]
    return run["output"]["report"]


def add_notifications(night: Clone, rows: int, age_days: float = 60) -> None:
    """Due ones and current ones, spread over twice the age."""
    night.run(
        "insert into public.notifications (user_id, message, created_at)"
        " select g.i %% 97, 'message ' || g.i, %s - %s * interval '1 day' * (g.i / %s::float8)"
        " from generate_series(1, %s) as g (i)",
        NOW, age_days, rows, rows,
    )  # fmt: skip
    night.run("analyze public.notifications")


def contents_of(night: Clone, table: str) -> dict[int, tuple[Any, ...]]:
    rows = night.run(f"select id, user_id, message, created_at, read_at from {table}")
    found = {row[0]: row[1:] for row in rows}
    assert len(found) == len(rows), f"an id stands twice in {table}"
    return found
