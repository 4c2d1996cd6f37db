"""The text of the files that take the place of jobs in cron.job."""

from __future__ import annotations

import re
from typing import Any

from pgrota.adoptable import Job
from pgrota.lexing import dollar_quote

MARK = re.compile(r"^-- rota:job (?P<name>\S+) (?P<key>\[.*\])$", re.MULTILINE)
SCHEMA = "adopted"


def job_file(
    name: str,
    job: Job,
    cron: str,
    timezone: str,
    kind: str,
    handler: str | None,
    search_path: str,
    key: str,
    requires: list[str],
    is_valid: bool = True,
) -> str:
    """A schedule, with its task where it has one, and the removal of the job.

    A command that is not valid as things stand is looked at when it runs, as pg_cron does.
    """
    made = f"{SCHEMA}.{identifier(re.sub(r'[^A-Za-z0-9_]', '_', name))}"
    parts = [_head(name, job, key, requires)]
    if kind == "command":
        parts.append(
            "select rota.define_schedule("
            f"{_args([literal(name), literal(cron), f'command => {literal(job.command)}'])});"
        )
    else:
        if handler is None:
            parts.append(_function(made, job, search_path, is_valid))
        # What pg_cron does not do is left out; a run as long as it likes is a day here.
        parts.append(_task(name, handler or made, job))
        parts.append(_schedule(name, cron, timezone))
    parts.append(_adopt(name, job))
    return "\n\n".join(parts) + "\n"


def function_file(functions: list[dict[str, Any]]) -> str:
    """A function as it stands in the database, with its overloads, owner and grants."""
    parts = []
    for function in functions:
        kind = "procedure" if function["prokind"] == "p" else "function"
        what = (
            f"{kind} {identifier(function['schema'])}.{identifier(function['name'])}"
            f"({function['arguments']})"
        )
        lines = [function["definition"].rstrip() + ";", ""]
        if function["comment"] is not None:
            lines += [f"comment on {what} is {literal(function['comment'])};", ""]
        if not function["is_public"]:
            lines.append(f"revoke all on {what} from public;")
        lines += [f"grant execute on {what} to {role};" for role in function["grantees"]]
        lines.append(f"alter {what} owner to {identifier(function['owner'])};")
        parts.append("\n".join(lines))
    return "-- Adopted as it stood in the database.\n" + "\n\n".join(parts) + "\n"


def command_body(job: Job) -> str:
    """The command as the body of a function."""
    return job.command.strip().rstrip(";").rstrip() + ";"


def identifier(name: str) -> str:
    """A name as SQL reads it."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A string as SQL reads it, whatever is in it."""
    if not re.search(r"['\\\n]", value):
        return f"'{value}'"
    quote = dollar_quote("q", value)
    return f"{quote}{value}{quote}"


def _head(name: str, job: Job, key: str, requires: list[str]) -> str:
    lines = [f"-- requires: {path}" for path in requires]
    lines.append(f"-- rota:job {name} {key}")
    inactive = "" if job.active else ", inactive"
    lines.append(f"-- Adopted: {_one_line(job.title)}, at {_one_line(job.schedule)}{inactive}.")
    return "\n".join(lines)


def _function(made: str, job: Job, search_path: str, is_valid: bool) -> str:
    language, body = "sql", command_body(job)
    if not is_valid:
        language, body = "plpgsql", f"begin\n  execute {literal(body)};\nend;"
    tag = dollar_quote("body", body) if "$$" in body else "$$"
    owner = identifier(job.username)
    return (
        f"create schema if not exists {SCHEMA};\n"
        f"grant usage on schema {SCHEMA} to {owner};\n\n"
        "-- The command as it was, with the search_path it had.\n"
        f"create or replace function {made}()\nreturns void\nlanguage {language}\nvolatile\n"
        f"set search_path = {search_path}\nas {tag}\n{body}\n{tag};\n\n"
        f"comment on function {made}() is {literal('The command of ' + job.title + '.')};\n"
        f"revoke all on function {made}() from public;\n"
        f"grant execute on function {made}() to {owner};"
    )


def _task(name: str, handler: str, job: Job) -> str:
    arguments = [
        literal(name),
        literal(handler),
        "timeout => '1 day'",
        "max_attempts => 1",
        f"run_as => {literal(job.username)}",
    ]
    comment = (
        "-- As with pg_cron: tried once, and for as long as it takes. A shorter timeout, retries"
        " and\n-- alerts are a matter of these arguments: see rota.define_task.\n"
    )
    return f"{comment}select rota.define_task({_args(arguments)});"


def _schedule(name: str, cron: str, timezone: str) -> str:
    arguments = [
        literal(name),
        literal(cron),
        f"timezone => {literal(timezone)}",
        "overlap => 'queue'",
        "misfire => 'skip'",
    ]
    comment = (
        "-- As with pg_cron: a slot waits for the run before it, and one that was missed is lost.\n"
    )
    return f"{comment}select rota.define_schedule({_args(arguments)});"


def _adopt(name: str, job: Job) -> str:
    arguments = [
        literal(name),
        f"cron => {literal(job.schedule)}",
        f"command => {literal(job.command)}",
        f"username => {literal(job.username)}",
        f"job_name => {literal(job.jobname)}" if job.jobname else f"job_id => {job.jobid}",
    ]
    if not job.active:
        arguments.append("active => false")
    comment = (
        "-- The job goes when this is deployed, in the same transaction. Afterwards, and where"
        " there is\n-- no such job, this does nothing; remove it when it is deployed everywhere.\n"
    )
    return f"{comment}select rota.adopt_cron_job({_args(arguments)});"


def _args(arguments: list[str]) -> str:
    return "\n  " + ",\n  ".join(arguments) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
