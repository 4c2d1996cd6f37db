"""Reading pipelines: what they are made of, and how their runs went."""

from __future__ import annotations

from typing import Any

import psycopg

from pgrota import similar
from pgrota.database import Database
from pgrota.errors import Problem

LIST = """
select p.name, jsonb_array_length(p.steps) as steps, p.version, p.paused,
  r.run_id, r.state, r.created_at, r.started_at, r.finished_at, r.error, c.ended, c.succeeded,
  s.next_at
from rota.pipelines as p
left join lateral (
  select r.* from rota.runs as r where r.task = p.name order by r.run_id desc limit 1
) as r on true
left join lateral (
  select count(*) as ended, count(*) filter (where u.state = 'succeeded') as succeeded
  from (
    select u.state from rota.runs as u
    where u.task = p.name and u.finished_at is not null
    order by u.run_id desc
    limit 100
  ) as u
) as c on true
left join lateral (
  select min(s.next_at) as next_at from rota.schedules as s where s.task = p.name and not s.paused
) as s on true
order by p.name
"""
ONE = "select p.* from rota.pipelines as p where p.name = %s"
TASKS = """
select t.name, t.kind, t.lane, t.max_attempts, t.timeout, t.concurrency
from rota.tasks as t
where t.name = any(%s)
"""
STARTED_BY = """
select 'schedule ' || s.name || ', ' || s.cron || ' (' || s.timezone || ')' as what
from rota.schedules as s where s.task = %(name)s
union all
select 'subscription ' || b.name || ' of ' || b.topic
from rota.subscriptions as b where b.task = %(name)s
union all
select 'step ' || (s.step ->> 'name') || ' of pipeline ' || p.name
from rota.pipelines as p
cross join jsonb_array_elements(p.steps) as s (step)
where %(name)s in (s.step ->> 'task', s.step ->> 'compensate')
order by 1
"""
RUNS = """
select r.run_id, r.state, r.created_at, r.started_at, r.finished_at, r.error, r.progress
from rota.runs as r
where r.task = %s
order by r.run_id desc
limit %s
"""
STEPS = """
select s.pipeline, s.version, s.step, s.task, s.after, s.state
from rota.pipeline_steps as s
where s.run_id = %s
order by s.ordinal
"""


def find(database: Database, name: str) -> dict[str, Any]:
    """A pipeline by its name."""
    found = database.rows(ONE, [name])
    if not found:
        raise similar.PIPELINE.unknown(database, name)
    return found[0]


def of_run(
    database: Database, found: dict[str, Any], run_id: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The steps that a run of a pipeline has, and their states."""
    name = found["name"]
    rows = database.rows(STEPS, [run_id])
    if not rows:
        raise Problem(f"run {run_id} has no steps", hint=f"rota run list --task {name}")
    if rows[0]["pipeline"] != name:
        raise Problem(
            f"run {run_id} is one of pipeline {rows[0]['pipeline']}, not of {name}",
            hint=f"rota pipeline graph {rows[0]['pipeline']} --run {run_id}",
        )
    steps = found["steps"]
    if rows[0]["version"] != found["version"]:
        steps = [{"name": row["step"], "task": row["task"], "after": row["after"]} for row in rows]
    return steps, {row["step"]: row["state"] for row in rows}


def insist(database: Database, name: str) -> None:
    """Refuse a task that is no pipeline, as far as the caller may know of it."""
    try:
        kind = database.value("select t.kind from rota.tasks as t where t.name = %s", [name])
    except psycopg.errors.InsufficientPrivilege:
        return
    if kind is None:
        raise similar.PIPELINE.unknown(database, name)
    if kind != "pipeline":
        raise Problem(f"task {name} is no pipeline", hint=f"rota run start {name}")


def mermaid(steps: list[dict[str, Any]], states: dict[str, str]) -> str:
    """A flowchart in Mermaid; with states, coloured by them."""
    numbers = {step["name"]: f"s{number}" for number, step in enumerate(steps, 1)}
    lines = ["flowchart LR"]
    for step in steps:
        lines.append(f"  {numbers[step['name']]}{_shape(step)}")
    for step in steps:
        for before in step.get("after", []):
            arrow = "-.->" if step.get("when_path") else "-->"
            lines.append(f"  {numbers[before]} {arrow} {numbers[step['name']]}")
    colours = {
        "succeeded": "#c6efce", "failed": "#ffc7ce", "running": "#bde3ff", "cancelled": "#ffeb9c",
        "skipped": "#e0e0e0",
    }  # fmt: skip
    for state, colour in colours.items():
        members = [numbers[name] for name, is_in in states.items() if is_in == state]
        if members:
            lines.append(f"  classDef {state} fill:{colour},color:#000")
            lines.append(f"  class {','.join(members)} {state}")
    return "\n".join(lines)


def _shape(step: dict[str, Any]) -> str:
    label = _escaped(step["name"])
    task = step.get("task")
    if task and task != step["name"]:
        label += f"<br/>{_escaped(task)}"
    if "for_each" in step:
        label += f"<br/>for each {_escaped(step['for_each'])}"
        return f'[["{label}"]]'
    if "wait_for" in step:
        label += f"<br/>waits for {_escaped(step['wait_for'])}"
        return f'{{{{"{label}"}}}}'
    return f'(["{label}"])' if task is None else f'["{label}"]'


def _escaped(text: str) -> str:
    for char, name in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(char, name)
    return text
