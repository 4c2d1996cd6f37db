"""What stands in cron.job, and what is to be known of a job before it can be adopted."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgrota import adopted_files, adopted_queries, preflight
from pgrota.adoptable import Job, Unadoptable, mentioned
from pgrota.errors import Problem
from pgrota.lexing import dollar_quote


class CronJobs:
    """The jobs of a database, as its user sees them."""

    def __init__(self, connection: psycopg.Connection, timezone: str | None) -> None:
        self.connection = connection
        self.notes: list[str] = []
        seen = self._rows(adopted_queries.SEEN)[0]
        if not seen["has_cron"]:
            raise Problem(
                f"database {seen['database']} has no pg_cron",
                "there is nothing to adopt; jobs stand in the database that cron.database_name"
                " names",
                "rota adopt --database-url postgresql://.../postgres",
            )
        if not seen["may_use_cron"]:
            raise Problem(
                f"{seen['role']} may not look at cron.job",
                hint=f'grant usage on schema cron to "{seen["role"]}";',
            )
        if not seen["sees_all"]:
            self.notes.append(f"pg_cron shows {seen['role']} no jobs but its own")
        self.database = seen["database"]
        self.timezone = self._find_settings(timezone, seen["reads_settings"])
        self.jobs = [_job(row["job"]) for row in self._rows(adopted_queries.JOBS)]
        self.roles = {
            role["name"]: role
            for role in self._rows(adopted_queries.ROLES, [[job.username for job in self.jobs]])
        }

    def role_of(self, job: Job) -> dict[str, Any]:
        """Whom a job runs as, where it is run by this server and in this database."""
        if job.database != self.database:
            raise Unadoptable(f"it runs in the database {job.database}")
        if job.username not in self.roles:
            raise Unadoptable(f"its role is gone: select cron.unschedule({job.jobid});")
        if not job.nodename.startswith("/") and job.nodename not in self.hosts:
            raise Unadoptable(f"it runs on another server, {job.nodename}")
        return self.roles[job.username]

    def functions(self, job: Job, search_path: str) -> list[dict[str, Any]]:
        """Those that the command of a job calls, found as the job finds them."""
        user = preflight.quoted(job.username)
        path = search_path.replace('"$user"', user).replace("$user", user)
        self.connection.execute("select set_config('search_path', %s, true)", [path])
        found = self._rows(adopted_queries.FUNCTIONS, [mentioned(job.command)])
        self.connection.execute("select set_config('search_path', 'pg_catalog, pg_temp', true)")
        return found

    def error_of(self, job: Job, search_path: str) -> str | None:
        """Why a function of this command could not be made, as when what it calls is not there."""
        body = adopted_files.command_body(job)
        tag = dollar_quote("body", body)
        try:
            with self.connection.transaction(force_rollback=True):
                self.connection.execute(
                    "create function pg_temp.rota_adopt() returns void language sql"
                    f" set search_path = {search_path} as {tag}{body}{tag}"
                )
        except psycopg.errors.InsufficientPrivilege:
            return None
        except psycopg.errors.ProgrammingError as error:
            return error.diag.message_primary
        return None

    def taken(self) -> set[str]:
        """The names that schedules and tasks have."""
        query = "select s.name from rota.schedules as s union select t.name from rota.tasks as t"
        try:
            with self.connection.transaction():
                return {row["name"] for row in self._rows(query)}
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return set()

    def _find_settings(self, timezone: str | None, may_read: bool) -> str:
        """By which names pg_cron calls this server; and in which zone its times are, returned."""
        self.hosts = {"localhost", "127.0.0.1", "::1", ""}
        found = None
        if may_read:
            query = (
                "select current_setting('cron.timezone', true), current_setting('cron.host', true)"
            )
            found, host = self.connection.execute(query).fetchone()
            self.hosts.add(host or "localhost")
        elif timezone is None:
            self.notes.append(
                "cron.timezone cannot be read with these rights: UTC is taken for it;"
                " say otherwise with --timezone"
            )
        zone = timezone or found or "UTC"
        return "UTC" if zone == "GMT" else zone

    def _rows(self, query: str, parameters: list | None = None) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()


def _job(row: dict[str, Any]) -> Job:
    fields = Job.__dataclass_fields__
    return Job(**{key: value for key, value in {"jobname": None, **row}.items() if key in fields})
