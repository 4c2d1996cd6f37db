"""Jobs of pg_cron, read for what they mean to rota."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pgrota.lexing import blanked

_NAME = r'(?:[A-Za-z_][\w$]*|"(?:[^"]|"")+")'
_CALL = re.compile(
    rf"^\s*select\s+(?:\*\s+from\s+)?(?P<name>{_NAME}(?:\s*\.\s*{_NAME})?)\s*\(\s*\)\s*;?\s*$",
    re.IGNORECASE,
)
_MENTION = re.compile(rf"(?<![\w.\"$])({_NAME}(?:\s*\.\s*{_NAME})?)\s*\(")
_TOP_LEVEL = re.compile(
    r"^(?:vacuum\b|cluster\s*$|reindex\s.*\bconcurrently\b|reindex\s*(?:\([^)]*\)\s*)?"
    r"(?:schema|database|system)\b|(?:create|drop)\s+(?:unique\s+)?index\s+concurrently\b"
    r"|alter\s+system\b|(?:create|drop)\s+(?:database|tablespace)\b"
    r"|alter\s+table\s.*\bdetach\s+partition\b.*\bconcurrently\b)",
    re.IGNORECASE | re.DOTALL,
)
_TRANSACTION = re.compile(
    r"^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|prepare\s+transaction"
    r"|discard|listen|unlisten|copy)\b",
    re.IGNORECASE,
)
_SECRET = re.compile(
    r"\bbearer\s+[\w.+/=-]{8,}|\beyJ[\w-]{8,}\.|(?:api[_-]?key|passw(?:or)?d|secret|token)['\"]?\s*"
    r"(?:[:=]|=>|,)+\s*['\"][^'\"]{6,}['\"]|\w+://[^\s/:@']+:[^\s/@']+@",
    re.IGNORECASE,
)
_SECONDS = re.compile(r"^\s*(\d+)\s+seconds?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Job:
    """A row of cron.job."""

    jobid: int
    schedule: str
    command: str
    username: str
    database: str
    jobname: str | None
    active: bool
    nodename: str = "localhost"

    @property
    def title(self) -> str:
        name = repr(self.jobname) if self.jobname else f"{self.jobid}, which has no name,"
        return f"cron job {name} of {self.username}"


@dataclass
class Adopted:
    """A job, and what became of it."""

    job: Job
    name: str = ""
    kind: str = ""
    reason: str = ""
    remarks: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "jobid": self.job.jobid,
            "jobname": self.job.jobname,
            "username": self.job.username,
            "schedule": self.job.schedule,
            "command": None if holds_secret(self.job.command) else self.job.command,
            "active": self.job.active,
            "name": self.name or None,
            "becomes": self.kind or None,
            "left_alone": self.reason or None,
            "remarks": self.remarks,
            "files": self.files,
        }


class Unadoptable(Exception):
    """The job stays where it is, and why."""


def times(schedule: str) -> str:
    """A time of pg_cron as rota writes it."""
    text = schedule.strip()
    if match := _SECONDS.match(text):
        return f"@every {int(match[1])} seconds"
    if text.lower() == "@reboot":
        raise Unadoptable("it runs when the server starts, which is no time")
    fields = text.split()
    if len(fields) == 5:
        fields[2] = ",".join("L" if item == "$" else item for item in fields[2].split(","))
    return " ".join(fields)


def statements(command: str) -> list[str]:
    """The statements of a command, without what is quoted or commented out in them."""
    bare = blanked(command)
    return [part.strip() for part in bare.split(";") if part.strip()]


def called(command: str) -> str | None:
    """The function that the command calls, when it does nothing else and passes nothing."""
    match = _CALL.match(command)
    return re.sub(r"\s*\.\s*", ".", match["name"]) if match else None


def mentioned(command: str) -> list[str]:
    """Names that stand before a parenthesis: functions, and words that are none."""
    found = _MENTION.findall(blanked(command))
    return list(dict.fromkeys(re.sub(r"\s*\.\s*", ".", name) for name in found))


def holds_secret(command: str) -> bool:
    """Whether there seems to be a key or a password in it."""
    return _SECRET.search(command) is not None


def needs_top_level(command: str, commits: bool) -> bool:
    """Whether it has to be run by pg_cron itself, outside any function."""
    parts = statements(command)
    if not parts:
        raise Unadoptable("its command is empty")
    if any(_TRANSACTION.match(part) for part in parts):
        raise Unadoptable("its command begins and ends transactions, or copies")
    needs = any(_TOP_LEVEL.match(part) for part in parts) or (
        commits and any(part.lower().startswith(("call", "do")) for part in parts)
    )
    if needs and len(parts) > 1:
        raise Unadoptable("several of its statements cannot stand in one transaction")
    return needs


def name_of(job: Job, function: str | None, taken: set[str]) -> str:
    """What its task and schedule are called."""
    base = job.jobname or (function or "").rpartition(".")[2].strip('"') or f"job-{job.jobid}"
    base = re.sub(r"[^\w.:/-]+", "-", base).strip("-.:/")[:63] or f"job-{job.jobid}"
    if base.startswith("subscription:"):
        base = base.replace(":", "-", 1)
    user = re.sub(r"[^\w.:/-]+", "-", job.username)
    for name in (base, f"{base[: 62 - len(user)]}-{user}", f"{base[:40]}-{job.jobid}"):
        if name not in taken:
            return name
    raise Unadoptable(f"the names {base} and {base[:40]}-{job.jobid} are taken")
