"""Reading runs: with the caller's own rights, whichever they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg

from pgrota import output
from pgrota.database import Database
from pgrota.errors import Problem
from pgrota.rights import is_plain_refusal

FINAL = ("succeeded", "failed", "cancelled", "skipped")
STATES = ("queued", "running", *FINAL)

ARTIFACTS = """
select a.run_id, a.step, a.name, a.media_type, a.bytes, a.created_at
from rota.artifacts as a
where %(run_id)s in (a.run_id, a.pipeline_run_id)
order by a.created_at, a.name
"""
LIST = """
select r.run_id, r.task, r.state, r.attempt, r.key, r.tags, r.origin, r.progress, r.rows_done,
  r.created_at, r.run_at, r.started_at, r.finished_at, r.error, r.parent_run_id, r.step,
  r.element
from rota.runs as r
where (%(task)s::text is null or r.task = %(task)s)
  and (%(state)s::text is null or r.state = %(state)s)
  and (%(since)s::timestamptz is null or coalesce(r.finished_at, r.created_at) >= %(since)s)
  and (%(steps)s or r.step is null)
order by r.run_id desc
limit %(limit)s
"""
PARTS = {
    "run": "select to_jsonb(r) as part from rota.runs as r where r.run_id = %s",
    "attempts": "select to_jsonb(a) as part from rota.attempts as a where a.run_id = %s"
    " order by a.attempt, a.finished_at",
    "log": "select to_jsonb(l) as part from rota.logs as l where l.run_id = %s order by l.log_id",
    "steps": "select to_jsonb(s) || jsonb_build_object('attempt', r.attempt,"
    " 'progress', r.progress, 'retry_at',"
    " case when r.state = 'queued' and r.attempt > 0 then r.run_at end, 'failed_attempts',"
    " (select jsonb_agg(jsonb_build_object('outcome', a.outcome, 'started_at', a.started_at,"
    " 'finished_at', a.finished_at) order by a.attempt, a.finished_at)"
    " from rota.attempts as a where a.run_id = r.run_id and s.elements is null"
    " and a.outcome not in ('running', 'succeeded'))) as part"
    " from rota.pipeline_steps as s left join rota.runs as r on r.run_id = s.step_run_id"
    " where s.run_id = %s order by s.ordinal",
}


def find(database: Database, run_id: int) -> dict[str, Any]:
    """A run with its attempts and log lines. Its own for an application, any for who may look."""
    try:
        found = database.call("rota.get_run", run_id=run_id)
    except psycopg.errors.InsufficientPrivilege as error:
        if not is_plain_refusal(error):
            raise
        found = _by_views(database, run_id)
    run = _typed(found)
    run["attempts"] = [_typed(attempt) for attempt in run["attempts"]]
    run["log"] = [_typed(line) for line in run["log"]]
    if run.get("steps"):
        run["steps"] = [_typed(step) for step in run["steps"]]
        for step in run["steps"]:
            step["failed_attempts"] = [_typed(each) for each in step["failed_attempts"] or ()]
    return run


def kept(database: Database, run_id: int) -> list[dict[str, Any]] | None:
    """What a run and its steps have kept, where the caller may see that."""
    try:
        return database.rows(ARTIFACTS, {"run_id": run_id})
    except psycopg.errors.InsufficientPrivilege:
        return None


def is_over(run: dict[str, Any]) -> bool:
    return run["state"] in FINAL


def took(record: dict[str, Any], now: datetime | None = None) -> timedelta | None:
    """How long a run's newest attempt or an attempt took, or has taken up to now."""
    end = record.get("finished_at") or now
    return end - record["started_at"] if end and record.get("started_at") else None


def share(run: dict[str, Any]) -> tuple[float, float] | None:
    """What is done of how much, where the task says so."""
    progress = run.get("progress") or {}
    done, total = progress.get("done"), progress.get("total")
    if isinstance(done, int | float) and isinstance(total, int | float) and total > 0:
        return min(done, total), total
    return None


def label(run: dict[str, Any]) -> str:
    """The task, and of which run of a pipeline it is what step."""
    task, step = run["task"], run["step"]
    return f"{task} ({step} of {run['parent_run_id']})" if step else task


def headline(error: dict[str, Any] | None) -> str:
    """The first line of what went wrong."""
    message = (error or {}).get("message") or ""
    return output.printable(message.splitlines()[0]) if message else ""


def reason(error: dict[str, Any] | None) -> str:
    """What went wrong, with its code: `23505 duplicate key ...`."""
    return " ".join(filter(None, ((error or {}).get("sqlstate"), headline(error))))


def _by_views(database: Database, run_id: int) -> dict[str, Any]:
    rows = {name: database.rows(query, [run_id]) for name, query in PARTS.items()}
    if not rows["run"]:
        raise Problem(f"run {run_id} does not exist", hint="rota run list")
    parts = {name: [row["part"] for row in found] for name, found in rows.items()}
    found = parts["run"][0] | {"attempts": parts["attempts"], "log": parts["log"]}
    return found | {"steps": parts["steps"]} if parts["steps"] else found


def _typed(record: dict[str, Any]) -> dict[str, Any]:
    """The times of a JSON object as times."""
    return {
        key: datetime.fromisoformat(value)
        if isinstance(value, str) and (key == "at" or key.endswith("_at"))
        else value
        for key, value in record.items()
    }
