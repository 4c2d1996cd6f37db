"""What stands in cron.job, and the files of a project that take its place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgrota import adopted_files, adopted_queries, preflight
from pgrota.adoptable import (
    Adopted,
    Job,
    Unadoptable,
    called,
    holds_secret,
    mentioned,
    name_of,
    needs_top_level,
    times,
)
from pgrota.adopted_folder import FOLDER, AdoptedFolder
from pgrota.database import Database
from pgrota.declared import Declared
from pgrota.errors import Problem
from pgrota.lexing import dollar_quote


class Adoption:
    """Reads the jobs of a database and writes them into a project's folder of SQL."""

    def __init__(self, database: Database, sql: Path, timezone: str | None = None) -> None:
        self.folder = AdoptedFolder(sql)
        self.notes: list[str] = []
        self.adopted: list[Adopted] = []
        self.texts: dict[str, str] = {}
        self.timezone = timezone
        with database.connect(autocommit=False) as connection:
            self.connection = connection
            self._look()
            connection.rollback()

    def _look(self) -> None:
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
        self._find_timezone(seen["reads_settings"])
        jobs = [_job(row["job"]) for row in self._rows(adopted_queries.JOBS)]
        self.roles = {
            role["name"]: role
            for role in self._rows(adopted_queries.ROLES, [[job.username for job in jobs]])
        }
        self.known = self.folder.jobs()
        self.declared = self.folder.declared()
        self.taken = self._taken() - set(self.known.values())
        for job in jobs:
            adopted = Adopted(job)
            self.adopted.append(adopted)
            try:
                if job.database != seen["database"]:
                    raise Unadoptable(f"it runs in the database {job.database}")
                self._adopt(adopted)
            except Unadoptable as reason:
                adopted.reason = str(reason)

    def _adopt(self, adopted: Adopted) -> None:
        job = adopted.job
        role = self.roles.get(job.username)
        if role is None:
            raise Unadoptable(f"its role is gone: select cron.unschedule({job.jobid});")
        if not job.nodename.startswith("/") and job.nodename not in self.hosts:
            raise Unadoptable(f"it runs on another server, {job.nodename}")
        cron = times(job.schedule)
        functions = self._functions(job, role["search_path"])
        commits = any(_commits(f["source"]) for f in functions if f["prokind"] == "p") or (
            job.command.lstrip().lower().startswith("do") and _commits(job.command)
        )
        direct = _handler(job, functions)
        if needs_top_level(job.command, commits):
            if cron != " ".join(job.schedule.split()):
                raise Unadoptable("its command must be run by pg_cron itself, at times that rota"
                                  " cannot hand on")  # fmt: skip
            self._refuse_superuser(role)
            adopted.kind = "command"
        else:
            adopted.kind = "task"
        error = None
        if adopted.kind == "task" and direct is None:
            error = self._error_of(job, role["search_path"])
        adopted.name = self.known.get(_key(job)) or name_of(job, called(job.command), self.taken)
        self.taken.add(adopted.name)
        requires = sorted(
            {self._write_function(f["schema"], f["name"], functions) for f in functions}
        )
        path = (FOLDER / (re.sub(r"[/:]", "_", adopted.name) + ".sql")).as_posix()
        text = adopted_files.job_file(
            adopted.name,
            job,
            cron,
            self.timezone or "UTC",
            adopted.kind,
            direct,
            role["search_path"],
            json.dumps(_key(job)),
            requires,
            error is None,
        )
        self.texts[path] = text
        adopted.files = [path, *requires]
        self._remark(adopted, role)
        if error:
            adopted.remarks.append(f"not valid as things stand, seen when it runs: {error}")

    def save(self) -> list[str]:
        """Write the files that are not there yet. Returns their paths."""
        written, notes = self.folder.save(self.texts)
        self.notes += notes
        return written

    def _remark(self, adopted: Adopted, role: dict[str, Any]) -> None:
        if not adopted.job.active:
            adopted.remarks.append("inactive: the schedule will be paused")
        if holds_secret(adopted.job.command):
            adopted.remarks.append(
                "there seems to be a secret in its command: keep that out of git"
            )
        if role["is_superuser"] and adopted.kind == "task":
            adopted.remarks.append(
                f"runs with the rights of {role['name']}, a superuser: a smaller role is safer"
            )
        if not role["can_log_in"]:
            adopted.remarks.append(
                f"{role['name']} cannot log in: pg_cron may never have started it, rota will"
            )
        if adopted.kind == "command":
            owner = adopted_files.identifier(role["name"])
            adopted.remarks.append(
                f"will run as rota_worker, who has to have all rights of its owner:"
                f" grant {owner} to rota_worker;"
            )

    def _refuse_superuser(self, role: dict[str, Any]) -> None:
        """What pg_cron runs itself runs as rota_worker, who is to be no superuser."""
        if not role["is_superuser"] or role["worker_may"]:
            return
        more = ""
        if self.connection.info.server_version >= 170000:
            more = ", or: grant pg_maintain to rota_worker;"
        raise Unadoptable(
            f"rota_worker would run it, and may not do all that {role['name']} may, a superuser:"
            f" schedule it as the owner of what it works on, then adopt again{more}"
        )

    def _error_of(self, job: Job, search_path: str) -> str | None:
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

    def _functions(self, job: Job, search_path: str) -> list[dict[str, Any]]:
        user = preflight.quoted(job.username)
        path = search_path.replace('"$user"', user).replace("$user", user)
        self.connection.execute("select set_config('search_path', %s, true)", [path])
        found = self._rows(adopted_queries.FUNCTIONS, [mentioned(job.command)])
        self.connection.execute("select set_config('search_path', 'pg_catalog, pg_temp', true)")
        return found

    def _write_function(self, schema: str, name: str, functions: list[dict[str, Any]]) -> str:
        elsewhere = self.declared.get(Declared("function", schema, name))
        if elsewhere:
            return elsewhere
        path = (FOLDER / "functions" / f"{schema}.{name}.sql").as_posix()
        same = [f for f in functions if (f["schema"], f["name"]) == (schema, name)]
        self.texts[path] = adopted_files.function_file(same)
        return path

    def _find_timezone(self, may_read: bool) -> None:
        self.hosts = {"localhost", "127.0.0.1", "::1", ""}
        found = None
        if may_read:
            query = (
                "select current_setting('cron.timezone', true), current_setting('cron.host', true)"
            )
            found, host = self.connection.execute(query).fetchone()
            self.hosts.add(host or "localhost")
        if self.timezone is None and found is None and not may_read:
            self.notes.append(
                "cron.timezone cannot be read with these rights: UTC is taken for it;"
                " say otherwise with --timezone"
            )
        self.timezone = self.timezone or found
        if self.timezone in (None, "GMT"):
            self.timezone = "UTC"

    def _taken(self) -> set[str]:
        query = "select s.name from rota.schedules as s union select t.name from rota.tasks as t"
        try:
            with self.connection.transaction():
                return {row["name"] for row in self._rows(query)}
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
            return set()

    def _rows(self, query: str, parameters: list | None = None) -> list[dict[str, Any]]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()


def _job(row: dict[str, Any]) -> Job:
    fields = Job.__dataclass_fields__
    return Job(**{key: value for key, value in {"jobname": None, **row}.items() if key in fields})


def _key(job: Job) -> tuple[str, str | int]:
    return (job.username, job.jobname if job.jobname is not None else job.jobid)


def _commits(source: str) -> bool:
    return re.search(r"\b(commit|rollback)\b", source, re.IGNORECASE) is not None


def _handler(job: Job, functions: list[dict[str, Any]]) -> str | None:
    """The function that the job calls, if it can be a task's handler as it is."""
    if called(job.command) is None or len(functions) != 1:
        return None
    (function,) = functions
    pinned = any(s.startswith("search_path=") for s in function["settings"] or [])
    fits = (
        function["prokind"] == "f" and not function["pronargs"] and not function["returns_set"]
        and function["returns"] in ("void", "jsonb") and pinned
    )  # fmt: skip
    names = (adopted_files.identifier(function[part]) for part in ("schema", "name"))
    return ".".join(names) if fits else None
