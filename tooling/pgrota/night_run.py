"""A run of the night batch, watched while it goes on, and interrupted once on purpose."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgrota.errors import Problem

FINAL = ("succeeded", "failed", "cancelled", "skipped")

LOOK = """
select r.state, a.attempt, a.state as archiving,
  (a.progress ->> 'done')::bigint as done, (a.progress ->> 'total')::bigint as total,
  r.input ->> 'day' as day, r.error, r.output, r.started_at, r.finished_at, w.pid
from rota.runs as r
left join rota.runs as a on a.parent_run_id = r.run_id and a.step = 'archiving'
left join rota.workers as w on w.worker_id = coalesce(a.worker_id, r.worker_id)
where r.run_id = %s
"""
LINES = """
select l.log_id, l.level, l.message, l.context
from rota.logs as l
join rota.runs as r on r.run_id = l.run_id
where r.parent_run_id = %s and l.log_id > %s
order by l.log_id
"""
# Decided and done in one statement, so that it cannot hit a worker that has moved on; and decided
# first, or the planner would try the function on every worker that it looks at.
TERMINATE = """
with victim as materialized (
  select w.pid
  from rota.runs as r
  join rota.workers as w on w.worker_id = r.worker_id and w.state = 'working'
  where r.parent_run_id = %s
    and r.step = 'archiving'
    and r.state = 'running'
    and (r.progress ->> 'done')::numeric
      between 0.3 * (r.progress ->> 'total')::numeric and 0.9 * (r.progress ->> 'total')::numeric
)
select v.pid
from victim as v
where pg_terminate_backend(v.pid)
"""
CRON_JOB = """
select j.jobname
from cron.job_run_details as d
join cron.job as j on j.jobid = d.jobid
where d.job_pid = %s and d.status = 'running'
"""
ATTEMPTS = """
select r.step, a.attempt as try, a.outcome, w.pid::text as backend,
  a.started_at::time(0) as started, a.duration, a.error ->> 'message' as error
from rota.runs as r
join rota.attempts as a on a.run_id = r.run_id
left join rota.workers as w on w.worker_id = a.worker_id
where r.parent_run_id = %s
order by r.run_id, a.attempt, a.started_at
"""


class NightRun:
    """One run, seen over one connection that commits each statement."""

    def __init__(self, connection: psycopg.Connection[Any], run_id: int) -> None:
        self.connection = connection
        self.run_id = run_id
        self._last_line = 0

    def look(self) -> dict[str, Any]:
        """The run as it is now."""
        return self.rows(LOOK, self.run_id)[0]

    def new_lines(self) -> list[dict[str, Any]]:
        """The log lines since the last call."""
        lines = self.rows(LINES, self.run_id, self._last_line)
        if lines:
            self._last_line = lines[-1]["log_id"]
        return lines

    def attempts(self) -> list[dict[str, Any]]:
        return self.rows(ATTEMPTS, self.run_id)

    def follow(self, patience: float = 120, interval: float = 0.015) -> Iterator[dict[str, Any]]:
        """Look again and again until the run has ended; that look is the last."""
        deadline = time.monotonic() + patience
        while True:
            seen = self.look()
            yield seen
            if seen["state"] in FINAL:
                return
            if time.monotonic() > deadline:
                raise Problem(
                    f"run {self.run_id} is still {seen['state']} after {patience:.0f} s",
                    hint="rota doctor",
                )
            time.sleep(interval)

    def terminate_worker(self) -> int | None:
        """End the backend that archives for this run, if it is in the middle of that."""
        found = self.rows(TERMINATE, self.run_id)
        return found[0]["pid"] if found else None

    def cron_job_of(self, pid: int | None) -> str | None:
        """The pg_cron job whose session this is."""
        found = self.rows(CRON_JOB, pid)
        return found[0]["jobname"] if found else None

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Any query, in the same session."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()
