"""What was captured, event by event, and what a table must look like after it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg

EVENTS = """
select e.event_id + i.n, e.topic, e.type, e.record -> i.n::int, e.old_record -> i.n::int, e.events,
  json_array_length(e.record), json_array_length(e.old_record)
from rota_core.event as e
cross join lateral generate_series(0, e.events - 1) as i (n)
where e.topic = coalesce(%s, e.topic)
order by 1
"""


GIVEN = """
create schema app;
create type app.state as enum ('draft', 'published');
create table app.t (id int primary key, title text, status app.state, secret text, n int);
insert into app.t values (1, 'a', 'draft', 's1', 0), (2, 'b', 'published', 's2', 0);
"""


class Change(NamedTuple):
    """One event of the log. (Not the place to be clever: tests compare tuples.)"""

    type: str
    record: Any = None
    old: Any = None


def captured(
    connection: psycopg.Connection[Any], topic: str | None = None, fine: bool = True
) -> list[Change]:
    """Every event in order; each row of the log is checked on the way."""
    found = []
    for _, _, kind, record, old, events, new_length, old_length in connection.execute(
        EVENTS, [topic]
    ):
        assert {new_length, old_length} <= {None, events}
        assert (new_length is None) == (kind in ("DELETE", "TRUNCATE"))
        assert (old_length is not None) >= (kind in ("UPDATE", "DELETE"))
        found.append(Change(kind, record, old))
    assert not fine or troubles(connection) == []
    return found


def troubles(connection: psycopg.Connection[Any]) -> list[str]:
    """What the functions that capture have noted."""
    rows = connection.execute("select message from rota_core.log where message like 'capture: %'")
    return [message for (message,) in rows]


def forget(connection: psycopg.Connection[Any]) -> None:
    connection.execute("delete from rota_core.event")


def image(row: Any) -> str:
    return json.dumps(row, sort_keys=True)


def rows_of(connection: psycopg.Connection[Any], table: str) -> Counter[str]:
    """The rows of a table, as they are in events."""
    rows = connection.execute(f"select row_to_json(t.*) from {table} as t")
    return Counter(image(row) for (row,) in rows)


def replay(
    changes: Iterable[Change],
    before: Counter[str] | None = None,
    truncated: Callable[[str, Any], bool] = lambda partition, row: True,
) -> Counter[str]:
    """The rows after all changes; each change must fit the rows that it finds."""
    rows = Counter(before or {})
    for change in changes:
        if change.type == "TRUNCATE":
            part = change.old and change.old["partition"]
            for row in list(rows):
                if part is None or truncated(part, json.loads(row)):
                    del rows[row]
            continue
        if change.old is not None:
            assert rows[image(change.old)] > 0, f"no such row: {change}"
            rows[image(change.old)] -= 1
        if change.record is not None:
            rows[image(change.record)] += 1
    return +rows


class Watch:
    """Watches app.t when called, and returns the connection."""

    def __init__(self, db: psycopg.Connection[Any], level: str) -> None:
        self.db = db
        self.level = level

    def __call__(self, **options: Any) -> psycopg.Connection[Any]:
        given = "".join(f", {name} => %s" for name in options)
        self.db.execute(
            f"select rota.watch_table('app.t', level => %s{given})",
            [self.level, *options.values()],
        )
        return self.db


def watch_of(kind: str, db: psycopg.Connection[Any]) -> Watch:
    """With `many`, the rows of a test change together with 40 others."""
    # It parses what is executed without the transition tables, which fails.
    db.execute("set plpgsql_check.profiler = off")
    db.execute(GIVEN)
    if kind == "many":
        db.execute(
            "insert into app.t select -k, 'x', 'draft', 's', 0 from generate_series(1, 40) as k"
        )
    return Watch(db, "row" if kind == "row" else "statement")


def own(db: psycopg.Connection[Any], fine: bool = True) -> list[Change]:
    """The events of the rows that the test is about."""
    return [c for c in captured(db, fine=fine) if (c.record or c.old)["id"] > 0]


def ids(db: psycopg.Connection[Any], fine: bool = True) -> list[tuple[str, int]]:
    return [(c.type, (c.record or c.old)["id"]) for c in own(db, fine)]
