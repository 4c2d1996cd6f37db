"""`rota pipeline`: what pipelines are made of, their runs, and steps that wait for somebody."""

from __future__ import annotations

from typing import Any

import click

from pgrota import errors, output, pipelines, run_page, runs, similar, stamps
from pgrota.database import Database, pass_database
from pgrota.documents import JsonDocument, JsonObject
from pgrota.rights import needs


@click.group(epilog="Example: rota pipeline show night-batch")
def pipeline() -> None:
    """List, show, draw and run pipelines; send signals, skip steps."""


@pipeline.command("list", epilog="Example: rota pipeline list")
@pass_database
@needs("rota_reader")
def list_(database: Database) -> None:
    """Every pipeline: its last run, how many of the last 100 succeeded, when the next is due."""
    rows = database.rows(pipelines.LIST)
    if output.wants_json():
        output.data(rows)
        return
    output.table(
        [
            {
                "pipeline": f"{row['name']} (paused)" if row["paused"] else row["name"],
                "steps": row["steps"],
                "version": row["version"],
                "last run": row["run_id"],
                "state": row["state"],
                "created": run_page.short(row["created_at"]),
                "took": runs.took(row),
                "success": f"{row['succeeded'] / row['ended']:.0%}" if row["ended"] else "",
                "next": run_page.short(row["next_at"]),
                "note": run_page.step_note(row) if row["state"] == "failed" else "",
            }
            for row in rows
        ],
        empty="no pipelines",
        whole=("pipeline", "state", "created", "took", "success", "next"),
        expendable=("version", "created", "steps"),
    )


@pipeline.command(epilog="Example: rota pipeline show content --runs 20")
@click.argument("name")
@click.option("--runs", "count", type=click.IntRange(0), default=5, show_default=True)
@pass_database
@needs("rota_reader")
def show(database: Database, name: str, count: int) -> None:
    """The steps of a pipeline, what starts it, and its newest runs."""
    found = pipelines.find(database, name) | stamps.of(database, "pipeline", name)
    found["started_by"] = [
        row["what"] for row in database.rows(pipelines.STARTED_BY, {"name": name})
    ]
    found["runs"] = database.rows(pipelines.RUNS, [name, count])
    if output.wants_json():
        output.data(found)
        return
    tasks = sorted({step["task"] for step in found["steps"] if "task" in step})
    policies = {row["name"]: row for row in database.rows(pipelines.TASKS, [tasks])}
    head = click.style(name, bold=True) + f"  version {found['version']}"
    click.echo(head + (click.style("  paused", fg="yellow") if found["paused"] else ""))
    for goal in found["doc"].get("goals", []):
        click.echo(f"  {output.printable(goal)}")
    click.echo()
    output.table([_step(step, policies) for step in found["steps"]], whole=("step",))
    stamp = stamps.words(found)
    by = f"{found['defined_by']} in {stamp}" if stamp else found["defined_by"]
    click.echo(f"timeout {output.text(found['timeout'])}, defined by {by}")
    for what in found["started_by"]:
        click.echo(f"started by {what}")
    if not found["started_by"]:
        click.echo(
            f"no schedule, subscription or pipeline names it; by hand: rota pipeline run {name}"
        )
    if found["runs"]:
        click.echo()
        output.table([_run(row) for row in found["runs"]], title="newest runs")


def _step(step: dict[str, Any], policies: dict[str, Any]) -> dict[str, Any]:
    policy = policies.get(step.get("task"))
    words = [
        f"{key.replace('_', ' ')} {step[key]}"
        for key in (
            "when_path", "for_each", "max_parallel", "wait_for", "timeout", "start_delay",
            "compensate",
        )
        if key in step
    ]  # fmt: skip
    if policy and policy["kind"] == "pipeline":
        words.append("a pipeline itself")
    elif policy:
        tries = policy["max_attempts"]
        words.append(f"{tries} attempt{'' if tries == 1 else 's'}, lane {policy['lane']}")
    return {
        "step": step["name"],
        "task": step.get("task"),
        "after": ", ".join(step.get("after", [])),
        "on failure": step.get("on_failure", "fail"),
        "more": "; ".join(words),
    }


def _run(row: dict[str, Any]) -> dict[str, Any]:
    share = runs.share(row)
    return {
        "run": row["run_id"],
        "state": row["state"],
        "steps": f"{share[0]:.0f} of {share[1]:.0f}" if share else "",
        "created": run_page.short(row["created_at"]),
        "took": runs.took(row),
        "note": run_page.step_note(row) if row["state"] != "succeeded" else "",
    }


@pipeline.command(epilog="Example: rota pipeline graph content --run 17")
@click.argument("name")
@click.option("--run", "run_id", type=int, help="Coloured by the states of this run's steps.")
@pass_database
@needs("rota_reader")
def graph(database: Database, name: str, run_id: int | None) -> None:
    """The steps as a flowchart in Mermaid: for Markdown, or https://mermaid.live."""
    found = pipelines.find(database, name)
    steps, states = found["steps"], {}
    if run_id is not None:
        steps, states = pipelines.of_run(database, found, run_id)
    chart = pipelines.mermaid(steps, states)
    if output.wants_json():
        output.data({"pipeline": name, "mermaid": chart})
    else:
        click.echo(chart)


@pipeline.command(epilog="Example: rota pipeline run content --follow")
@click.argument("name")
@click.option("--input", "document", type=JsonObject(), default={}, help="The steps see it as run.")
@click.option("--key", help="Makes the start idempotent: the same key, the same run.")
@click.option("-f", "--follow", "follows", is_flag=True, help="Watch its steps until it ends.")
@pass_database
@needs("rota_app")
def run(database: Database, name: str, document: dict, key: str | None, follows: bool) -> int:
    """Start a pipeline."""
    pipelines.insist(database, name)
    with similar.TASK.named(database, name):
        started = database.call("rota.start", task=name, input=document, key=key)
    if follows:
        from pgrota import follow

        return follow.follow(database, started["run_id"])
    if output.wants_json():
        output.data(started)
    else:
        known = "" if started["is_new"] else ", started with this key before"
        click.echo(f"run {started['run_id']} {started['state']}{known}")
    return errors.OK


@pipeline.command(epilog='Example: rota pipeline signal 17 approved --payload \'{"by": "Ada"}\'')
@click.argument("run_id", type=int)
@click.argument("signal")
@click.option("--payload", type=JsonDocument(), default={}, help="Handed to the steps as signal.")
@pass_database
@needs("rota_app")
def signal(database: Database, run_id: int, signal: str, payload: Any) -> int:
    """Let the steps of RUN_ID go on that wait for SIGNAL."""
    is_new = database.call("rota.signal", run_id=run_id, signal=signal, payload=payload)
    if output.wants_json():
        output.data({"run_id": run_id, "signal": signal, "is_new": is_new})
    else:
        click.echo(f"run {run_id} " + ("has it" if is_new else "had it already: the first stands"))
    return errors.OK


@pipeline.command(epilog="Example: rota pipeline skip 17 approval")
@click.argument("run_id", type=int)
@click.argument("step")
@click.option("--output", "answer", type=JsonDocument(), help="What the steps after get.")
@pass_database
@needs("rota_app")
def skip(database: Database, run_id: int, step: str, answer: Any) -> int:
    """Let RUN_ID go on without STEP, which waits or has failed."""
    state = database.call("rota.skip_step", run_id=run_id, step=step, output=answer)
    if output.wants_json():
        output.data({"run_id": run_id, "step": step, "state": state})
    else:
        click.echo(f"run {run_id} {state}")
    return errors.OK
