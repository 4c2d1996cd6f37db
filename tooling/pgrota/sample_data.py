"""The data of the sample application: made inside the database, the same for the same moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from pgrota import project

ROWS = {
    "public.users": 200_000,
    "public.contents": 20_000,
    "auth.sessions": 100_000,
    "public.notifications": 1_000_000,
    "logs.api_requests": 1_000_000,
}
FEWEST = 100
# Each list is loaded by a session of its own, one table after the other, once the users are there.
SESSIONS = (["public.notifications"], ["logs.api_requests", "auth.sessions", "public.contents"])

INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
from pg_index as i
where i.indrelid = %s::regclass
  and not exists (select from pg_constraint as c where c.conindid = i.indexrelid)
"""


@dataclass(frozen=True)
class Filled:
    """What was added, and how long it took. No rows: all tables had some."""

    rows: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        if not self.rows:
            return "the tables are filled already, so they stay as they are"
        counts = [
            f"{rows:,} {table.split('.')[1].replace('_', ' ')}" for table, rows in self.rows.items()
        ]
        return f"{', '.join(counts[:3])},\n{', '.join(counts[3:])}: {self.seconds:.1f} s"


def fill(connect: Callable[[], psycopg.Connection[Any]], scale: float, at: datetime) -> Filled:
    """Fill the tables that are empty. Those that are not stay as they are."""
    started = time.monotonic()
    wanted = {table: max(FEWEST, round(rows * scale)) for table, rows in ROWS.items()}

    def load(tables: list[str]) -> dict[str, int]:
        with connect() as connection:
            _set(connection, wanted, at)
            return {table: wanted[table] for table in tables if _load(connection, table)}

    # In order, because contents and sessions refer to users.
    added = load(["public.users"])
    with ThreadPoolExecutor(len(SESSIONS)) as sessions:
        for loaded in sessions.map(load, SESSIONS):
            added |= loaded
    return Filled(added, time.monotonic() - started)


def _set(connection: psycopg.Connection[Any], wanted: dict[str, int], at: datetime) -> None:
    values = {table.split(".")[1]: rows for table, rows in wanted.items()}
    for name, value in {"at": at.isoformat(), **values}.items():
        connection.execute("select set_config(%s, %s, false)", [f"sample_data.{name}", str(value)])
    # A crash while filling loses at most tables that the next try fills again.
    connection.execute("set synchronous_commit = off")
    connection.execute("set maintenance_work_mem = '128MB'")


def _load(connection: psycopg.Connection[Any], table: str) -> bool:
    """Fill one table, in one transaction, its indexes made anew after the rows are there."""
    schema, name = table.split(".")
    statement = (project.root() / "sql/recipes/sample_data" / f"{name}.sql").read_text()
    relation = sql.Identifier(schema, name)
    with connection.transaction():
        # Two fillers at once: the second finds the rows of the first.
        connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(relation))
        if connection.execute(sql.SQL("select from {} limit 1").format(relation)).rowcount:
            return False
        indexes = connection.execute(INDEXES, [table]).fetchall()
        for index, _ in indexes:
            connection.execute(f"drop index {index}")
        connection.execute(statement)
        for _, definition in indexes:
            connection.execute(definition)
    connection.execute(sql.SQL("vacuum (analyze) {}").format(relation))
    return True
