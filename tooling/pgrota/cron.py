"""What a deploy has to do with pg_cron. The jobs themselves are made by rota_core.sync_cron()."""

from __future__ import annotations

import time

import psycopg
from psycopg.rows import dict_row

from pgrota.change import Change, differing

SETTINGS = (
    "cron.database_name",
    "cron.log_run",
    "cron.max_running_jobs",
    "cron.use_background_workers",
)
NO_RIGHTS = (
    "rota_worker may not use pg_cron yet. As the owner of schema cron:"
    " grant usage on schema cron to rota_worker; then deploy again"
)


def grant_usage(connection: psycopg.Connection) -> list[Change]:
    """Let the worker role schedule, where we may decide that."""
    may = connection.execute(
        "select"
        " not has_schema_privilege('rota_worker', n.oid, 'USAGE')"
        " and has_schema_privilege(current_user, n.oid, 'USAGE WITH GRANT OPTION')"
        " from pg_catalog.pg_namespace as n"
        " join pg_catalog.pg_extension as e on e.extname = 'pg_cron'"
        " where n.nspname = 'cron'"
    ).fetchone()
    if not may or not may[0]:
        return []
    connection.execute("grant usage on schema cron to rota_worker")
    return [Change("grant", "usage on schema cron to rota_worker", "create")]


def read_settings(connection: psycopg.Connection) -> dict[str, str]:
    """pg_cron's settings, where we are one of the few who may read them."""
    may = "select pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')"
    if not connection.execute(may).fetchone()[0]:
        return {}
    query = "select current_setting(%s, true)"
    found = {name: connection.execute(query, [name]).fetchone()[0] for name in SETTINGS}
    return {name: value for name, value in found.items() if value is not None}


def write_settings(connection: psycopg.Connection, settings: dict[str, str]) -> list[Change]:
    """Keep them for those who may not read them. Executed as rota_owner."""
    query = "select s.name, s.value from rota_core.setting as s where s.name = any (%s)"
    recorded = dict(connection.execute(query, [list(SETTINGS)]).fetchall())
    changes = []
    for name, value in settings.items():
        if recorded.get(name) != value:
            action = "change" if name in recorded else "create"
            changes.append(Change("setting", f"{name} = {value}", action))
            connection.execute(
                "insert into rota_core.setting (name, value) values (%s, %s)"
                " on conflict (name) do update set value = excluded.value",
                [name, value],
            )
    return changes


def jobs(connection: psycopg.Connection) -> dict[str, dict]:
    """Our jobs by name. Executed as rota_worker, who sees no others."""
    visible = connection.execute(
        "select exists (select from pg_catalog.pg_extension as e where e.extname = 'pg_cron')"
        " and has_schema_privilege('cron', 'USAGE')"
    )
    if not visible.fetchone()[0]:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select j.jobname, j.schedule, j.command, j.active"
            " from cron.job as j"
            " where j.username = current_user and j.database = current_database()"
        ).fetchall()
    return {row["jobname"]: row for row in rows}


def sync(connection: psycopg.Connection, insist: bool) -> str:
    """Make cron.job true, where others changed it too if we insist. Executed as rota_owner."""
    policy = (
        "update rota_core.setting as s set value = %s"
        " where s.name = 'cron_policy' and s.value = %s returning true"
    )
    lifted = insist and connection.execute(policy, ["repair", "report"]).fetchone()
    answer = connection.execute("select rota_core.sync_cron()").fetchone()[0]
    if lifted:
        connection.execute(policy, ["report", "repair"])
    return answer


def compared(before: dict[str, dict], after: dict[str, dict]) -> list[Change]:
    """The jobs that came, went or changed."""
    changes = []
    for name in sorted({*before, *after}):
        if name not in before:
            changes.append(Change("cron job", name, "create"))
        elif name not in after:
            changes.append(Change("cron job", name, "drop"))
        elif before[name] != after[name]:
            fields = differing(before[name], after[name])
            changes.append(Change("cron job", name, "change", fields=fields))
    return changes


def settle_adoptions(
    connection: psycopg.Connection, deployer: str, dry_run: bool
) -> tuple[list[Change], list[str]]:
    """The end of a deploy, as far as jobs of others go whose place schedules take.

    Those that could not be replaced before are tried again. None may start while it is replaced.
    Returns what was replaced, and what still waits.
    """
    connection.execute("set local role rota_owner")
    waiting = connection.execute(
        "select a.schedule, a.cron, a.command, a.username, a.job_name, a.job_id, a.active"
        " from rota_core.adopted_job as a where a.outcome = 'waiting' order by a.schedule"
    ).fetchall()
    connection.execute(f"set local role {deployer}")
    query = "select rota.adopt_cron_job(%s, %s, %s, %s, %s, %s, %s)"
    changes = [
        Change("cron job", f"{row[4] or row[5]} of {row[3]}", "drop")
        for row in waiting
        if connection.execute(query, row).fetchone()[0] == "replaced"
    ]
    connection.execute("set local role rota_owner")
    # A plan replaces nothing, and may be made at any time.
    check = "select rota_core.check_adoptions()"
    notes = [] if dry_run else [row[0] for row in connection.execute(check)]
    connection.execute(f"set local role {deployer}")
    return changes, notes


def ring(connection: psycopg.Connection, jobs_changed: bool) -> None:
    """Tell pg_cron once more that its jobs have changed, or if it does not start them.

    A first deploy changes so much in one transaction that pg_cron is told "everything", which it
    takes for nothing. It looks about once a second, and must have swallowed that before.
    """
    connection.commit()
    if jobs_changed:
        time.sleep(1.2)
    connection.execute("set local role rota_owner")
    connection.execute("select rota_core.ring_cron(%s)", [jobs_changed])
    connection.commit()
