"""What only the client can see of a database: the way to it, the clocks, the versions."""

from __future__ import annotations

import datetime
import time

import psycopg
from psycopg.rows import dict_row

from pgrota import __version__, preflight, project
from pgrota.database import Database
from pgrota.errors import Problem
from pgrota.masking import mask

OK, WARNING, CRITICAL, NO_RIGHTS = "ok", "warning", "critical", "no rights"
ORDER = (CRITICAL, WARNING, NO_RIGHTS, OK)
SKEW = 5.0
WORKER = "rota_worker"


def check(name: str, status: str, detail: str, hint: str | None = None) -> dict:
    return {"check_name": name, "status": status, "detail": detail, "hint": hint}


STANDBY = check(
    "standby",
    WARNING,
    "this server is a standby: nothing runs here until it is promoted",
    "rota doctor --database-url with the address of the primary",
)


def health(database: Database) -> list[dict]:
    """What the database says of itself."""
    if not database.exists("rota.health"):
        missing = check("engine", CRITICAL, "rota is not installed in this database", "rota deploy")
        return [missing, _deployable(database)]
    try:
        return database.rows("select h.* from rota.health as h")
    except psycopg.errors.InsufficientPrivilege as error:
        role = database.value("select current_user")
        return [
            check("health", NO_RIGHTS, error.diag.message_primary, f"grant rota_reader to {role};")
        ]


def checks(database: Database) -> list[dict]:
    """All checks, the worst first."""
    # Nothing works on a standby, nor should it: what the engine says of itself would be alarm.
    found = [STANDBY] if database.value("select pg_is_in_recovery()") else health(database)
    found += [_pooler(database), _clock(database)]
    if database.exists("rota_core.deploy"):
        found += [_version(database), _worker_login(database, found)]
    return sorted(found, key=lambda row: ORDER.index(row["status"]))


def worst(rows: list[dict]) -> str:
    return min((row["status"] for row in rows), key=ORDER.index, default=OK)


def _deployable(database: Database) -> dict:
    """Whether a deploy would be refused, and for which reason first."""
    name = "ready for deploy"
    try:
        with database.transaction() as connection:
            preflight.check(connection, preflight.look(connection))
    except Problem as problem:
        reasons = "; ".join(filter(None, (problem.message, problem.detail)))
        return check(name, CRITICAL, reasons, problem.hint)
    return check(name, OK, "server, database and role can take it")


def _pooler(database: Database) -> dict:
    """A pooler hands out a process id of its own when a client connects."""
    connection = database.connection()
    told = connection.info.backend_pid
    actual = database.value("select pg_backend_pid()")
    if told == actual:
        return check("connection", OK, f"direct, to {database.shown}")
    return check(
        "connection",
        OK,
        "through a pooler: deploy and all commands work; rota worker wants a direct address",
    )


def _clock(database: Database) -> dict:
    before = time.time()
    server = database.value("select clock_timestamp()")
    after = time.time()
    here = datetime.datetime.fromtimestamp((before + after) / 2, datetime.UTC)
    skew = abs((server - here).total_seconds()) - (after - before) / 2
    if skew < SKEW:
        return check("clock", OK, "the server's clock and this one agree")
    return check(
        "clock",
        WARNING,
        f"the server's clock is {skew:.0f} s away from this one",
        "schedules follow the server's clock: let both synchronise (timedatectl)",
    )


def _version(database: Database) -> dict:
    """Whether the engine in the database is the one that this tool carries."""
    name = "engine"
    try:
        last = database.row(
            "select d.tool_version, d.deployed_at from rota_core.deploy as d"
            " where d.project = 'rota' order by d.deploy_id desc limit 1"
        )
        hashes = {
            row["file"]: row["source_hash"]
            for row in database.rows(
                "select f.file, f.source_hash from rota_core.deployed_file as f"
                " where f.project = 'rota'"
            )
        }
    except psycopg.errors.InsufficientPrivilege:
        return check(name, NO_RIGHTS, "its version can be read by members of rota_owner")
    if last is None:
        return check(name, WARNING, "it was not installed by rota deploy", "rota deploy")
    files = {file.path: file.source_hash for file in project.engine().files}
    differing = {path for path in {*files, *hashes} if files.get(path) != hashes.get(path)}
    if last["tool_version"] != __version__:
        return check(
            name,
            WARNING,
            f"deployed by rota {last['tool_version']}; this is rota {__version__}",
            f"rota plan; or: pip install pgrota=={last['tool_version']}",
        )
    if differing:
        return check(name, WARNING, f"{len(differing)} files differ from what is here", "rota plan")
    return check(name, OK, f"{__version__}, as here")


def _worker_login(database: Database, health_rows: list[dict]) -> dict:
    """Try to log in the way `rota worker` would."""
    name = "login as rota_worker"
    supervised = any(r["check_name"] == "supervisor" and r["status"] == OK for r in health_rows)
    try:
        parts = psycopg.conninfo.conninfo_to_dict(database.url)
        own = parts.get("user") == WORKER
        options = {} if own else {"user": WORKER, "password": None}
        with psycopg.connect(
            database.url, **options, connect_timeout=5, row_factory=dict_row
        ) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError as error:
        reason = mask(str(error).strip().splitlines()[-1].strip())
        return check(
            name,
            OK if supervised else WARNING,
            f"not from here: {reason}" + ("; pg_cron works on its own" if supervised else ""),
            None
            if supervised
            else f"alter role {WORKER} password '...'; then put it into ~/.pgpass, or use pg_cron",
        )
    return check(name, OK, "possible from here")
