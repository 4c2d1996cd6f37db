"""Our jobs in cron.job, and rows in pg_cron's history as pg_cron would write them."""

from __future__ import annotations

from typing import Any

from harness import Clone, wait_until

WORK = "create function public.work(input jsonb) returns void language sql as 'select'"


def prepare(database: Clone) -> Clone:
    """Let rota_worker schedule, and define a task."""
    database.run("grant usage on schema cron to rota_worker")
    database.run(WORK)
    database.run("select rota.define_task('work', 'public.work')")
    return database


def launched(app: Clone) -> None:
    """Wait for pg_cron's launcher: it marks what is under way as failed when it starts."""
    idle = (
        "select count(*) from pg_stat_activity as a where a.wait_event = 'Extension'"
        " and (a.application_name = 'pg_cron scheduler' or a.backend_type = 'pg_cron launcher')"
    )
    wait_until(lambda: app.value(idle) == 1, what="pg_cron's launcher")


def sync(app: Clone) -> str:
    return app.value("select rota_core.sync_cron()", user="rota_worker")


def harvest(app: Clone) -> int:
    return app.value("select rota_core.harvest_cron()", user="rota_worker")


def tend(app: Clone) -> bool:
    return app.value("select rota_core.tend()", user="rota_worker")


def jobs(app: Clone) -> dict[str, tuple[str, str]]:
    """What rota_worker has in cron.job: schedule and command by name, without the prefix."""
    found = app.run(
        "select j.jobname, j.schedule, j.command from cron.job as j"
        " where j.username = 'rota_worker' and j.active and j.database = current_database()"
        " order by j.jobname"
    )
    return {name.removeprefix("rota:app:"): (cron, command) for name, cron, command in found}


def job_id(app: Clone, name: str) -> int:
    found = app.value("select j.jobid from cron.job as j where j.jobname = %s", f"rota:app:{name}")
    assert found is not None, name
    return found


def ran(
    app: Clone,
    job: int,
    status: str = "succeeded",
    message: str | None = "VACUUM",
    start: str | None = "now() - interval '5 s'",
    end: str | None = "now() - interval '2 s'",
    **other: Any,
) -> int:
    """A row of cron.job_run_details, as pg_cron leaves it. Returns its runid."""
    values = {"database": "app", "username": "rota_worker", "command": "vacuum", **other}
    return app.value(
        "insert into cron.job_run_details"
        " (jobid, status, return_message, database, username, command, start_time, end_time)"
        f" values (%s, %s, %s, %s, %s, %s, {start or 'null'}, {end or 'null'}) returning runid",
        job, status, message, values["database"], values["username"], values["command"],
    )  # fmt: skip


def ends(app: Clone, run: int, status: str, message: str, end: str = "now() - interval '2 s'"):
    app.run(
        "update cron.job_run_details"
        f" set status = %s, return_message = %s, end_time = {end} where runid = %s",
        status, message, run,
    )  # fmt: skip


def health(app: Clone, name: str, user: str = "postgres") -> list[dict[str, str]]:
    """The rows of rota.health whose name begins so."""
    found = app.run(
        "select to_jsonb(h) from rota.health as h where starts_with(h.check_name, %s)",
        name, user=user,
    )  # fmt: skip
    return [row for (row,) in found]


def with_command(database: Clone) -> Clone:
    """A schedule `tidy` with a command, known for longer than what is entered in the tests."""
    prepare(database)
    database.run("select rota.define_schedule('tidy', '*/5 * * * *', command => 'vacuum')")
    assert sync(database) == "synced"
    launched(database)
    database.run("update rota_core.cron_job set written_at = now() - interval '30 days'")
    return database


def tidy(app: Clone) -> int:
    return job_id(app, "schedule:tidy")
