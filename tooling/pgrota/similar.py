"""Kinds of things with names, and what to say of a name that was typed wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from pgrota import nearness
from pgrota.database import Database
from pgrota.errors import Problem


@dataclass(frozen=True)
class Kind:
    """A kind of things with names: how to find them all, and how to make one."""

    word: str
    names: str
    listed_by: str
    made_by: str

    def unknown(self, database: Database, name: str) -> Problem:
        """That there is no such thing, and which ones are called nearly so."""
        names = [next(iter(row.values())) for row in database.rows(self.names)]
        return Problem(
            f"{self.word} {name} does not exist",
            nearness.listed(names, name),
            self.listed_by if names else self.made_by,
        )

    @contextmanager
    def named(self, database: Database, name: str) -> Iterator[None]:
        """Turns the database's word about an unknown thing into ours, which names similar ones."""
        try:
            yield
        except psycopg.errors.UndefinedObject as error:
            if (error.diag.message_primary or "").startswith(f"{self.word} "):
                raise self.unknown(database, name) from error
            raise


SCHEDULE = Kind(
    "schedule",
    "select s.name from rota.schedules as s",
    "rota schedule list",
    "select rota.define_schedule(...);",
)
SUBSCRIPTION = Kind(
    "subscription",
    "select s.name from rota.subscriptions as s",
    "rota subscription list",
    "select rota.subscribe(...);",
)
PIPELINE = Kind(
    "pipeline",
    "select p.name from rota.pipelines as p",
    "rota pipeline list",
    "select rota.define_pipeline(...);",
)
TASK = Kind(
    "task", "select t.name from rota.tasks as t", "rota task list", "select rota.define_task(...);"
)
WATCH = Kind(
    "watch", "select w.name from rota.watches as w", "rota watch list",
    "select rota.watch_table('schema.table');",
)  # fmt: skip
