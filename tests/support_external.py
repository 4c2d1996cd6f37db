"""External tasks, and a module with their handlers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import Clone
from support_process import start

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.effect (what text, by_role name default current_user);
grant select, insert on app.effect to rota_worker;
"""
DEFINE = "select rota.define_task(%s, null, kind => 'external', initial_delay => '0.1 s'{})"
HANDLERS = """
import asyncio
import time
import urllib.request

import psycopg

from pgrota import external


@external.handler("fetch")
def fetch(input, context):
    context.log("info", "asking", url=input["url"], component="gateway")
    with urllib.request.urlopen(input["url"], timeout=5) as answer:
        return {"body": answer.read().decode(), "attempt": context.attempt, "key": context.key}


def note(place, what):
    with open(place, "a") as file:
        file.write(f"{what}\\n")


@external.handler("slow")
def slow(input, context):
    note(input["place"], f"begin {context.run_id} {context.attempt}")
    end = time.monotonic() + input.get("seconds", 0)
    while time.monotonic() < end and not (context.cancelled and input.get("polite", True)):
        time.sleep(0.02)
    note(input["place"], f"end {context.run_id} {context.attempt}")
    return {"cancelled": context.cancelled}


@external.handler("effect")
def effect(input, context):
    with context.transaction() as connection:
        connection.execute("insert into app.effect (what) values (%s)", [input["what"]])
    with context.transaction() as connection, connection.transaction():
        connection.execute("insert into app.effect (what) values ('more')")
    context.log("info", "written")
    time.sleep(input.get("seconds", 0))
    match input.get("then"):
        case "raise":
            raise ValueError("after the effect")
        case "commit":
            connection.commit()
        case "break":
            try:
                connection.execute("select 1 / 0")
            except psycopg.Error:
                pass
    return {"what": input["what"]}


@external.handler("raises")
def raises(input, context):
    match input["what"]:
        case "fatal":
            raise external.Fatal("no such customer")
        case "retry" if context.attempt == 1:
            raise external.Retry("busy", delay=input["delay"])
        case "retry":
            return None
        case "sql":
            raise psycopg.errors.UniqueViolation("already there")
        case "exit":
            raise SystemExit(3)
        case "null":
            raise ValueError("a null \\0 and half a pair \\ud800")
        case "chain":
            try:
                {}["key"]
            except KeyError as error:
                raise ConnectionResetError("ECONNRESET") from error


@external.handler("answers")
def answers(input):
    return {"set": {1}, "list": [1], "null": {"a": "\\0"}, "nan": {"a": float("nan")},
            "half": {"a": "\\ud800"}, "good": {"a": [1, None, "ü"]}, "none": None}[input["what"]]


@external.handler("later")
async def later(input, context):
    await asyncio.sleep(0.05)
    return {"loop": True}
"""


NAMES = ("fetch", "slow", "effect", "raises", "answers", "later")


def define(database: Clone, task: str, policy: str = "") -> None:
    """Define an external task; the policy begins with a comma."""
    database.run(DEFINE.format(policy), task)


def prepare(database: Clone, directory: Path) -> None:
    """The tasks, and directory/handlers.py with their handlers."""
    database.run(TASKS)
    for task in NAMES:
        define(database, task)
    (directory / "handlers.py").write_text(HANDLERS)


def slow(database: Clone, place: Path, seconds: float = 0, **more: str) -> int:
    polite = more.pop("polite", "true")
    document = f'{{"place": "{place}", "seconds": {seconds}, "polite": {polite}}}'
    return start(database, "slow", document, **more)


def column(database: Clone, run_id: int, expression: str) -> Any:
    return database.value(f"select {expression} from rota.runs as r where r.run_id = %s", run_id)
