"""What must hold of tasks and runs at every moment, whoever does what meanwhile."""

from __future__ import annotations

from typing import Any

import psycopg

FINAL = ("succeeded", "failed", "cancelled", "skipped")

# Each finds violations, as rows to show.
INVARIANTS = {
    "a run stands in one place only": """
        select a.run_id, count(*) from (
          select run_id from rota_core.run union all select run_id from rota_core.finished_run
        ) as a group by 1 having count(*) > 1""",
    "a running run has a worker that has not ended": """
        select r.run_id, r.worker_id, w.outcome from rota_core.run as r
        left join rota_core.worker as w on w.worker_id = r.worker_id
        where r.state = 'running' and (w.worker_id is null or w.ended_at is not null)""",
    "a queued run has no worker and holds no slot": """
        select r.run_id, r.worker_id, r.counted_as from rota_core.run as r
        where r.state = 'queued' and (r.worker_id is not null or r.counted_as is not null)""",
    "a live run has attempts left": """
        select r.run_id, r.charged, t.max_attempts from rota_core.run as r
        join rota_core.task as t on t.task = r.task
        where r.charged >= t.max_attempts or r.charged > r.attempt""",
    "a failed run has used its attempts up": """
        select f.run_id, f.charged, t.max_attempts from rota_core.finished_run as f
        join rota_core.task as t on t.task = f.task
        where f.state = 'failed' and f.charged <> t.max_attempts""",
    "what is charged is what the attempts say": """
        select a.run_id, a.charged, count(t.run_id)
        from (
          select run_id, task, charged from rota_core.run union all
          select run_id, task, charged from rota_core.finished_run
        ) as a
        left join rota_core.attempt as t on t.run_id = a.run_id and t.charged
        where a.task <> 'chunks' and not a.run_id = any(%(retried)s)
        group by 1, 2 having a.charged <> count(t.run_id)""",
    "an attempt ends once": """
        select t.run_id, t.attempt, count(*) from rota_core.attempt as t
        group by 1, 2 having count(*) > 1""",
    "no attempt is unaccounted for": """
        select a.run_id, a.state, a.attempt, count(t.run_id)
        from (
          select run_id, task, state, attempt from rota_core.run union all
          select run_id, task, state, attempt from rota_core.finished_run
        ) as a
        left join rota_core.attempt as t on t.run_id = a.run_id
        group by 1, 2, 3 having a.attempt <> count(t.run_id)
          + (a.state in ('running', 'succeeded'))::int""",
    "a key has one run": """
        select a.task, a.key, count(*) from (
          select task, key from rota_core.run union all select task, key from rota_core.finished_run
        ) as a where a.key is not null group by 1, 2 having count(*) > 1""",
    "effects are those of successful attempts": """
        select a.run_id, a.task, a.state, e.effects
        from (
          select run_id, task, state, checkpoint from rota_core.run union all
          select run_id, task, state, checkpoint from rota_core.finished_run
        ) as a
        cross join lateral (
          select coalesce(array_agg(e.what::int order by e.effect_id), '{}') as effects
          from app.effect as e where e.run_id = a.run_id
        ) as e
        where e.effects <> array(select generate_series(1, case
          when a.task = 'chunks' and a.state <> 'succeeded'
            then coalesce((a.checkpoint ->> 'n')::int, 0)
          when a.task = 'chunks' then 5
          else (a.state = 'succeeded')::int
        end))""",
    "concurrency holds": """
        select r.task, count(*) from rota_core.run as r
        where r.state = 'running' and r.task = 'one' group by 1 having count(*) > 1""",
    "the mutex holds": """
        select array_agg(r.run_id) from rota_core.run as r
        where r.state = 'running' and r.task in ('left', 'right') having count(*) > 1""",
    # A claim that was under way at the time of the pause may still take one.
    "nothing of a paused task is claimed": """
        select r.run_id, r.task, r.claimed_at, p.since from rota_core.run as r
        join jsonb_to_recordset(%(paused)s) as p (task text, since timestamptz) on p.task = r.task
        where r.state = 'running' and r.claimed_at > p.since + interval '0.2 s'""",
    "only a lonely loss is charged": """
        select a.worker_id, count(*) from rota_core.attempt as a where a.outcome = 'lost'
        group by 1 having bool_or(a.charged) and count(*) > 1""",
}
STATES = """
select r.run_id, r.state from rota_core.run as r
union all
select f.run_id, f.state from rota_core.finished_run as f
"""


def violations(connection: psycopg.Connection[Any], **facts: Any) -> dict[str, list[Any]]:
    """Every broken invariant with its rows, all of one moment."""
    found = {}
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read")
        for name, query in INVARIANTS.items():
            rows = connection.execute(query, facts).fetchall()
            if rows:
                found[name] = rows
        facts["states"] |= dict(connection.execute(STATES).fetchall())
    return found


def illegal_changes(
    before: dict[int, str], after: dict[int, str], revived: set[int]
) -> list[tuple[int, str, str]]:
    """Runs that left a final state though nobody had asked for it, or that vanished."""
    return [
        (run_id, state, after.get(run_id, "gone"))
        for run_id, state in before.items()
        if run_id not in after
        or (state in FINAL and after[run_id] != state and run_id not in revived)
        or (state == "succeeded" and after[run_id] != state)
    ]
