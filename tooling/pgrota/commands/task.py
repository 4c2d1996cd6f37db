"""`rota task`: look at tasks, and let them stand still."""

from __future__ import annotations

from typing import Any

import click

from pgrota import moments, output, similar, stamps, subscription_page, subscriptions
from pgrota.database import Database, pass_database
from pgrota.rights import needs

TASKS = "select t.* from rota.tasks as t order by t.name"
TASK = "select t.* from rota.tasks as t where t.name = %s"
NOT_OF_PIPELINES = (
    "handler", "max_attempts", "initial_delay", "backoff_factor", "max_delay", "jitter",
)  # fmt: skip
SHOWN_ALWAYS = ("name", "handler", "kind", "timeout", "max_attempts", "lane")


@click.group(epilog="Example: rota task list")
def task() -> None:
    """List, show, pause and resume tasks."""


@task.command("list", epilog="Example: rota task list")
@pass_database
@needs("rota_reader")
def list_(database: Database) -> None:
    """Every task."""
    rows = database.rows(TASKS)
    if output.wants_json():
        output.data(rows)
        return
    output.table([_listed(row) for row in rows], empty="no tasks: select rota.define_task(...);")


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "kind": row["kind"],
        "handler": row["handler"],
        "lane": row["lane"],
        "attempts": row["max_attempts"] if row["kind"] != "pipeline" else None,
        "timeout": row["timeout"],
        "limits": _limits(row),
        "state": _pause(row) or "ready",
    }


@task.command(epilog="Example: rota task show nightly")
@click.argument("name")
@pass_database
@needs("rota_reader")
def show(database: Database, name: str) -> None:
    """The policy and documentation of one task, and the subscriptions that feed it."""
    row = database.row(TASK, [name])
    if row is None:
        raise similar.TASK.unknown(database, name)
    feeding = database.rows(subscriptions.OF_TASK, [name])
    stamp = stamps.of(database, "pipeline" if row["kind"] == "pipeline" else "task", name)
    if output.wants_json():
        output.data(row | stamp | {"subscriptions": [each["name"] for each in feeding]})
        return
    paused = _pause(row)
    for key in ("paused", "paused_until", "pause_reason"):
        row.pop(key)
    if row["kind"] == "pipeline":
        # Its steps have attempts, as the tasks that they run.
        row = {key: value for key, value in row.items() if key not in NOT_OF_PIPELINES}
    shown = {k: _shown(v) for k, v in row.items() if k in SHOWN_ALWAYS or v not in (None, [], {})}
    shown = {"name": shown.pop("name"), "state": paused or "ready"} | shown
    if stamp["file"]:
        shown["defined_in"] = stamps.words(stamp)
    if feeding:
        shown["events"] = "\n".join(_feeding(each) for each in feeding)
    if row["kind"] == "pipeline":
        shown["steps"] = f"rota pipeline show {name}"
    output.fields(shown)


def _feeding(row: dict[str, Any]) -> str:
    """`public.users INSERT by subscription welcome`."""
    return f"{subscription_page.source(row)} by subscription {row['name']}"


def _shown(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@task.command(epilog="Example: rota task pause nightly --until 2h --reason 'moving tables'")
@click.argument("name")
@click.option("--until", metavar="TIME", help="When it goes on: 2h, 2026-01-31 12:00.")
@click.option("--reason", help="Shown to whoever looks.")
@pass_database
@needs("rota_admin")
def pause(database: Database, name: str, until: str | None, reason: str | None) -> None:
    """Let a task stand still: what is started meanwhile is queued."""
    moment = moments.ahead(database, until, "--until")
    with similar.TASK.named(database, name):
        database.call("rota.pause", kind="task", name=name, until=moment, reason=reason)
    if output.wants_json():
        output.data({"task": name, "paused": True, "until": moment, "reason": reason})
    else:
        click.echo(
            f"task {name} is paused until {output.text(moment)}"
            if moment
            else f"task {name} is paused; go on with: rota task resume {name}"
        )


@task.command(epilog="Example: rota task resume nightly")
@click.argument("name")
@pass_database
@needs("rota_admin")
def resume(database: Database, name: str) -> None:
    """Let a paused task go on."""
    with similar.TASK.named(database, name):
        database.call("rota.resume", kind="task", name=name)
    if output.wants_json():
        output.data({"task": name, "paused": False})
    else:
        click.echo(f"task {name} goes on")


def _pause(row: dict[str, Any]) -> str:
    if not row["paused"]:
        return ""
    words = "paused"
    if row["paused_until"]:
        words += f" until {output.text(row['paused_until'])}"
    return f"{words}: {row['pause_reason']}" if row["pause_reason"] else words


def _limits(row: dict[str, Any]) -> str:
    limits = {
        "concurrency": row["concurrency"],
        "mutex": row["mutex"],
        "rate": row["rate_limit"],
    }
    return ", ".join(f"{name} {value}" for name, value in limits.items() if value is not None)
