"""`rota run`: start, list, show, follow, cancel and retry runs."""

from __future__ import annotations

from typing import Any

import click
import psycopg

from pgrota import errors, moments, output, run_page, runs
from pgrota.commands import artifact
from pgrota.database import Database, pass_database
from pgrota.documents import JsonObject
from pgrota.rights import needs


@click.group(epilog="Example: rota run start nightly --follow")
def run() -> None:
    """Start, list, show, follow, cancel and retry runs; what they have kept."""


run.add_command(artifact.artifacts)
run.add_command(artifact.artifact)


@run.command(epilog='Example: rota run start send-report --input \'{"day": "2026-01-31"}\' -f')
@click.argument("task")
@click.option("--input", "document", type=JsonObject(), default={}, help="Handed to the handler.")
@click.option("--key", help="Makes the start idempotent: the same key, the same run.")
@click.option(
    "--retry-failed", is_flag=True, help="With --key: if that run failed, queue it again."
)
@click.option("--run-at", metavar="TIME", help="Not before: 2026-01-31 12:00, or in 10min.")
@click.option("--priority", type=int, help="Higher runs first. Default: the task's.")
@click.option("--tag", "tags", multiple=True, help="May be given several times.")
@click.option("-f", "--follow", "follows", is_flag=True, help="Watch it until it ends.")
@pass_database
@needs("rota_app")
def start(
    database: Database,
    task: str,
    document: dict,
    key: str | None,
    retry_failed: bool,
    run_at: str | None,
    priority: int | None,
    tags: tuple[str, ...],
    follows: bool,
) -> int:
    """Queue one run of TASK."""
    started = database.call(
        "rota.start",
        task=task,
        input=document,
        key=key,
        on_key="retry_failed" if retry_failed else "return",
        run_at=moments.ahead(database, run_at, "--run-at"),
        priority=priority,
        tags=list(tags),
    )
    run_id = started["run_id"]
    if follows:
        return _follow(database, run_id)
    if output.wants_json():
        output.data(started)
    elif started["is_new"]:
        click.echo(f"run {run_id} {started['state']}")
    else:
        click.echo(f"run {run_id} was started with this key before: {started['state']}")
    return errors.OK


@run.command("list", epilog="Example: rota run list --state failed --since 1d")
@click.option("--task", help="Of this task only.")
@click.option("--state", type=click.Choice(runs.STATES))
@click.option("--since", metavar="TIME", help="Started or finished since: 1h, 2 days, 2026-01-31.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@click.option("--steps", is_flag=True, help="Also the runs of pipelines' steps.")
@pass_database
@needs("rota_reader")
def list_(
    database: Database, task: str | None, state: str | None, since: str | None, limit: int,
    steps: bool,
) -> None:  # fmt: skip
    """The newest runs. A pipeline that failed names its step; with --task the task's, steps too."""
    wanted = {"task": task, "state": state, "limit": limit, "steps": steps or task is not None}
    rows = database.rows(runs.LIST, wanted | {"since": moments.ago(database, since)})
    if output.wants_json():
        output.data(rows)
        return
    now = database.value("select now()") if rows else None
    output.table(
        [_listed(row, now) for row in rows],
        empty="no runs",
        whole=("task", "created", "took"),
        expendable=("attempt",),
    )


def _listed(row: dict[str, Any], now: Any) -> dict[str, Any]:
    share = runs.share(row)
    note = run_page.step_note(row) if row["state"] != "succeeded" else ""
    if row["state"] == "running" and share:
        note = f"{share[0] / share[1]:.0%}"
    elif row["state"] == "queued" and row["run_at"] > now:
        note = ": ".join(filter(None, (f"due in {output.duration(row['run_at'] - now)}", note)))
    return {
        "run": row["run_id"],
        "task": runs.label(row),
        "state": row["state"],
        "attempt": row["attempt"] or None,
        "created": run_page.short(row["created_at"]),
        "took": runs.took(row, now),
        "rows": row["rows_done"],
        "note": note if len(note) <= 60 else f"{note[:57]}...",
    }


@run.command(epilog="Example: rota run show 5")
@click.argument("run_id", type=int)
@pass_database
@needs("rota_admin")
def show(database: Database, run_id: int) -> None:
    """All about RUN_ID: times, error, attempts, log lines, and what it has kept."""
    run_page.show(runs.find(database, run_id) | {"artifacts": runs.kept(database, run_id)})


@run.command(epilog="Example: rota run follow 5")
@click.argument("run_id", type=int)
@pass_database
@needs("rota_admin")
def follow(database: Database, run_id: int) -> int:
    """Watch RUN_ID until it ends. Exit code 0 when it succeeded, else 1.

    Ctrl-C leaves the run alone.
    """
    return _follow(database, run_id)


def _follow(database: Database, run_id: int) -> int:
    from pgrota import follow

    return follow.follow(database, run_id)


@run.command(epilog="Example: rota run cancel 5 6")
@click.argument("run_ids", metavar="RUN_ID...", type=int, nargs=-1, required=True)
@pass_database
@needs("rota_admin")
def cancel(database: Database, run_ids: tuple[int, ...]) -> int:
    """Cancel runs: at once if queued, within seconds if running."""

    def words(state: str) -> str:
        return state if state in ("cancelled", "cancelling") else f"had already {_ended(state)}"

    return _each(database, "rota.cancel", run_ids, words)


@run.command(epilog="Example: rota run retry --task nightly --since 1h")
@click.argument("run_ids", metavar="[RUN_ID]...", type=int, nargs=-1)
@click.option("--task", help="Every failed run of this task, with --since.")
@click.option("--since", metavar="TIME", help="Failed since: 1h, 2 days, 2026-01-31.")
@click.option("--from-step", metavar="STEP", help="Of a pipeline: this step and all after it, too.")
@pass_database
@needs("rota_admin")
def retry(
    database: Database, run_ids: tuple[int, ...], task: str | None, since: str | None,
    from_step: str | None,
) -> int:  # fmt: skip
    """Queue failed or cancelled runs again, now, with the same input.

    A pipeline goes on from the steps that failed.
    """
    if from_step and len(run_ids) != 1:
        raise click.UsageError("--from-step needs the number of one run")
    if bool(run_ids) == bool(task):
        raise click.UsageError("give the numbers of runs, or --task and --since")
    if bool(task) != bool(since):
        raise click.UsageError("--task and --since belong together")
    if run_ids:
        more = {"from_step": from_step} if from_step else {}
        return _each(database, "rota.retry", run_ids, lambda state: f"{state} again", **more)
    count = database.call("rota.retry_all", task=task, since=moments.ago(database, since))
    if output.wants_json():
        output.data({"task": task, "queued": count})
    else:
        click.echo(f"{count} run{'' if count == 1 else 's'} of {task} queued again")
    return errors.OK


def _ended(state: str) -> str:
    return {"skipped": "been skipped", "cancelled": "been cancelled"}.get(state, state)


@run.command(epilog="Example: rota run rerun 5")
@click.argument("run_ids", metavar="RUN_ID...", type=int, nargs=-1, required=True)
@pass_database
@needs("rota_admin")
def rerun(database: Database, run_ids: tuple[int, ...]) -> int:
    """Start runs anew with the input of earlier ones, which stay as they are."""
    return _each(
        database, "rota.rerun", run_ids, lambda new: f"is started anew as run {new}",
        answer="new_run_id",
    )  # fmt: skip


def _each(
    database: Database, function: str, run_ids: tuple[int, ...], words: Any,
    answer: str = "state", **more: Any,
) -> int:  # fmt: skip
    """Call a function for each run. One that is refused does not keep the others from it."""
    answers, refused = [], []
    for run_id in run_ids:
        try:
            answered = database.call(function, run_id=run_id, **more)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
            raise
        except psycopg.errors.DatabaseError as error:
            if len(run_ids) == 1 or isinstance(error, psycopg.OperationalError):
                raise
            refused.append(errors.Refusal(error))
            answers.append({"run_id": run_id, "error": refused[-1].as_json()})
        else:
            answers.append({"run_id": run_id, answer: answered})
            if not output.wants_json():
                click.echo(f"run {run_id} {words(answered)}")
    if output.wants_json():
        output.data(answers)
    else:
        for refusal in refused:
            click.echo(f"Error: {refusal.format_message()}", err=True)
    return errors.ERROR if refused else errors.OK
