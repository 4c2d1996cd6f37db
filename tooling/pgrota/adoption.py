"""The files of a project that take the place of what stands in cron.job."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pgrota import adopted_files
from pgrota.adoptable import (
    Adopted,
    Job,
    Unadoptable,
    called,
    holds_secret,
    name_of,
    needs_top_level,
    times,
)
from pgrota.adopted_folder import FOLDER, AdoptedFolder
from pgrota.cron_jobs import CronJobs
from pgrota.database import Database
from pgrota.declared import Declared


class Adoption:
    """Writes the jobs of a database into a project's folder of SQL."""

    def __init__(self, database: Database, sql: Path, timezone: str | None = None) -> None:
        self.folder = AdoptedFolder(sql)
        self.notes: list[str] = []
        self.adopted: list[Adopted] = []
        self.texts: dict[str, str] = {}
        with database.connect(autocommit=False) as connection:
            self.here = CronJobs(connection, timezone)
            self.notes += self.here.notes
            self.known = self.folder.jobs()
            self.declared = self.folder.declared()
            self.taken = self.here.taken() - set(self.known.values())
            for job in self.here.jobs:
                adopted = Adopted(job)
                self.adopted.append(adopted)
                try:
                    self._adopt(adopted)
                except Unadoptable as reason:
                    adopted.reason = str(reason)
            connection.rollback()

    def _adopt(self, adopted: Adopted) -> None:
        job = adopted.job
        role = self.here.role_of(job)
        cron = times(job.schedule)
        functions = self.here.functions(job, role["search_path"])
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
            error = self.here.error_of(job, role["search_path"])
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
            self.here.timezone,
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
        if self.here.connection.info.server_version >= 170000:
            more = ", or: grant pg_maintain to rota_worker;"
        raise Unadoptable(
            f"rota_worker would run it, and may not do all that {role['name']} may, a superuser:"
            f" schedule it as the owner of what it works on, then adopt again{more}"
        )

    def _write_function(self, schema: str, name: str, functions: list[dict[str, Any]]) -> str:
        elsewhere = self.declared.get(Declared("function", schema, name))
        if elsewhere:
            return elsewhere
        path = (FOLDER / "functions" / f"{schema}.{name}.sql").as_posix()
        same = [f for f in functions if (f["schema"], f["name"]) == (schema, name)]
        self.texts[path] = adopted_files.function_file(same)
        return path


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
