"""Throw-away tasks for tests of the worker, and what became of their runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from harness import Clone, wait_until

GATE = 4711
FINAL = ("succeeded", "failed", "cancelled", "skipped")

# app.me() reads what the worker publishes. app.pass(n) waits while a test holds gate n.
SCHEMA = f"""
create schema app;
grant usage on schema app to public;
create table app.effect (
  effect_id bigint generated always as identity, run_id bigint, what text,
  at timestamptz default clock_timestamp(), pid int default pg_backend_pid()
);
grant select, insert on app.effect to rota_worker;
create function app.me() returns bigint language sql as $$
  select split_part(current_setting('application_name'), ' ', 3)::bigint
$$;
create function app.note(what text) returns void language sql as $$
  insert into app.effect (run_id, what) values (app.me(), what)
$$;
create function app.pass(gate int) returns void language sql as $$
  select pg_advisory_xact_lock_shared({GATE}, gate)
$$;
"""


def prepare(database: Clone) -> Clone:
    database.run(SCHEMA)
    return database


def define(
    database: Clone, task: str, body: str, *, declare: str = "", kind: str = "call", **policy: Any
) -> str:
    """Make the handler app.<task> of some PL/pgSQL statements, and the task. The task's name."""
    arguments = "input jsonb, state jsonb" if kind == "chunked" else "input jsonb"
    database.run(
        f'create or replace function app."{task}"({arguments}) returns jsonb language plpgsql'
        f" as $handler$ declare {declare} begin {body} end $handler$"
    )
    policy |= {"name": task, "handler": f'app."{task}"', "kind": kind}
    given = ", ".join(f"{name} => %s" for name in policy)
    return database.value(f"select rota.define_task({given})", *map(wrapped, policy.values()))


def wrapped(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def start(database: Clone, task: str, input: dict[str, Any] | None = None, **given: Any) -> int:
    given = {"task": task, "input": Jsonb(input or {}), **given}
    arguments = ", ".join(f"{name} => %s" for name in given)
    return database.value(f"select s.run_id from rota.start({arguments}) as s", *given.values())


def start_many(database: Clone, task: str, count: int) -> list[int]:
    """Start `count` runs with inputs {"n": 1}, {"n": 2} and so on."""
    rows = database.run(
        "select rota.start_many(%s, array("
        "select jsonb_build_object('n', g.n) from generate_series(1, %s) as g (n)))",
        task, count,
    )  # fmt: skip
    return [row[0] for row in rows]


def start_together(database: Clone, *runs: tuple[str, dict[str, Any]]) -> list[int]:
    """Start runs in one transaction, so that a worker finds them all at once."""
    with database.connect(autocommit=False) as starter:
        statement = "select s.run_id from rota.start(%s, %s) as s"
        return [starter.execute(statement, (t, Jsonb(i))).fetchone()[0] for t, i in runs]


def rows(database: Clone, statement: str, *parameters: Any) -> list[dict[str, Any]]:
    with database.connect(row_factory=dict_row) as connection:
        return connection.execute(statement, parameters or None).fetchall()


def run_of(database: Clone, run_id: int) -> dict[str, Any]:
    (row,) = rows(database, "select * from rota.runs where run_id = %s", run_id)
    return row


def attempts_of(database: Clone, run_id: int) -> list[dict[str, Any]]:
    return rows(
        database,
        "select * from rota.attempts where run_id = %s order by attempt, finished_at",
        run_id,
    )


def outcomes(database: Clone, run_id: int) -> list[tuple[str, bool]]:
    """Outcome of each attempt, and whether it was charged."""
    return [(row["outcome"], row["charged"]) for row in attempts_of(database, run_id)]


def effects(database: Clone, run_id: int) -> list[str]:
    found = database.run(
        "select e.what from app.effect as e where e.run_id = %s order by e.effect_id", run_id
    )
    return [row[0] for row in found]


def ended(database: Clone, run_id: int, timeout: float = 20) -> dict[str, Any]:
    """Wait for a run's end; the run."""
    wait_until(
        lambda: run_of(database, run_id)["state"] in FINAL, timeout, what=f"run {run_id} to end"
    )
    return run_of(database, run_id)


def all_ended(database: Clone, timeout: float = 60) -> None:
    wait_until(
        lambda: not database.value("select count(*) from rota_core.run"),
        timeout, interval=0.1, what="the queue to be empty",
    )  # fmt: skip


def work_off(database: Clone, lane: str = "default", user: str = "rota_worker") -> None:
    """Let a worker in the foreground execute all that is due. Raises what ends its CALL."""
    with database.connect(user) as connection:
        work_off_in(connection, lane)


def work_off_in(connection: psycopg.Connection[Any], lane: str = "default") -> None:
    call = sql.SQL("call rota.work(lane => {}, budget => '50 ms', poll => '5 ms')").format(lane)
    due = "select 1 from rota_core.run where state = 'queued' and lane = %s and run_at <= now()"
    with psycopg.connect(connection.info.dsn, user="postgres", autocommit=True) as watcher:
        while watcher.execute(due, [lane]).fetchone():
            connection.execute(call)


def run(database: Clone, task: str, input: dict[str, Any] | None = None) -> dict[str, Any]:
    """Start a task, let a worker execute it, and return the run."""
    run_id = start(database, task, input)
    work_off(database)
    return run_of(database, run_id)


@contextmanager
def held(database: Clone, gate: int = 1) -> Iterator[psycopg.Connection[Any]]:
    """Keep those waiting who come to app.pass(gate), until the end of the block."""
    with database.connect() as connection:
        connection.execute("select pg_advisory_lock(%s, %s)", (GATE, gate))
        yield connection


def waiting_at(database: Clone, gate: int = 1) -> list[int]:
    """The backends that wait in app.pass(gate)."""
    found = database.run(
        "select l.pid from pg_locks as l join pg_database as d on d.oid = l.database"
        " where d.datname = current_database() and l.locktype = 'advisory' and not l.granted"
        " and l.classid = %s and l.objid = %s",
        GATE, gate,
    )  # fmt: skip
    return [row[0] for row in found]


def wait_at(database: Clone, gate: int = 1, count: int = 1, timeout: float = 15) -> list[int]:
    """Wait until `count` backends have come to app.pass(gate); their pids."""
    wait_until(
        lambda: len(waiting_at(database, gate)) >= count, timeout, what=f"a handler at gate {gate}"
    )
    return waiting_at(database, gate)
