"""Definitions that no file makes any longer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pgrota.change import Change
from pgrota.errors import Problem, is_transient
from pgrota.recording import recorded

Key = tuple[str, str]

# What uses others goes first; a watch last, for from then on writers of its table wait.
DROPS = {
    "subscription": "rota.unsubscribe(%s)",
    "schedule": "rota.drop_schedule(%s)",
    "pipeline": "rota.drop_pipeline(%s)",
    "task": "rota.drop_task(%s)",
    "calendar": "rota.drop_calendar(%s)",
    "lane": "rota.drop_lane(%s)",
    "watch": "rota.unwatch_table(%s::regclass)",
}
RETIRES = DROPS | dict.fromkeys(("pipeline", "task"), "rota_core.retire_task(%s)")


@dataclass(frozen=True)
class Retired:
    """What became of a definition."""

    key: Key
    change: Change | None = None
    note: str = ""


class InUse(Problem):
    """Something uses it."""


def retire(connection: psycopg.Connection, vanished: Mapping[Key, str], role: str) -> list[Retired]:
    """Drop them. A task with live runs is started no more, and goes when they have ended."""
    order = list(DROPS)
    outcomes = []
    for key in sorted(vanished, key=lambda key: (order.index(key[0]), key[1])):
        kind, name = key
        try:
            live = _drop(connection, key, vanished[key], role)
        except InUse as problem:
            # By a task that is retired; else somebody has to decide.
            if not any(outcome.note for outcome in outcomes):
                raise
            outcomes.append(Retired(key, note=f"{kind} {name} was left: {problem.detail}"))
            continue
        if kind in ("task", "pipeline") and live:
            runs = "a live run" if live == 1 else f"{live} live runs"
            note = f"{kind} {name} is retired: it is started no more, and has {runs}"
            outcomes.append(Retired(key, note=f"{note}; deploy again with --allow-drop later"))
        else:
            outcomes.append(Retired(key, Change(kind, name, "drop", vanished[key])))
    return outcomes


def unwatch(connection: psycopg.Connection, keys: Collection[Key], role: str) -> int:
    """End these watches. Returns how many were there."""
    ended = 0
    for _, name in keys:
        query = "select exists (select from rota.watches as w where w.name = %s)"
        if connection.execute(query, [name]).fetchone()[0]:
            _drop(connection, ("watch", name), None, role)
            ended += 1
    return ended


def handlers(connection: psycopg.Connection, keys: Collection[Key]) -> dict[Key, str]:
    """The functions among these that tasks still run, and which."""
    if not keys:
        return {}
    query = "select t.handler, t.task from rota_core.task as t where t.handler is not null"
    tasks = dict(connection.execute(query).fetchall())
    found = {key: tasks.get(key[1].partition("(")[0]) for key in keys if key[0] == "function"}
    return {key: task for key, task in found.items() if task}


def _drop(connection: psycopg.Connection, key: Key, path: str | None, role: str) -> int:
    """Triggers go with the rights of who deploys; all else is rota's own."""
    kind, name = key
    acting = sql.SQL(role if kind == "watch" else "rota_owner")
    with recorded(connection):
        connection.execute(sql.SQL("set local role {}").format(acting))
    if kind == "watch":
        schema, _, table = name.partition(".")
        name = sql.Identifier(schema, table).as_string(connection)
    try:
        with connection.transaction(), recorded(connection):
            answer = connection.execute(f"select {RETIRES[kind]}", [name]).fetchone()[0]
    except psycopg.Error as error:
        if is_transient(error):
            raise
        kind_of_problem = InUse if error.sqlstate == "RT002" else Problem
        raise kind_of_problem(
            f"{kind} {name} cannot be dropped: {error.diag.message_primary}",
            error.diag.message_detail or (path and f"{path} makes it no longer"),
            error.diag.message_hint,
        ) from error
    finally:
        if not connection.closed and connection.info.transaction_status.name == "INTRANS":
            connection.execute(sql.SQL("set local role {}").format(sql.SQL(role)))
    return answer if isinstance(answer, int) else 0
