"""The night batch: no row lost, doubled or changed, whatever others do meanwhile."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from harness import Clone, Harness, wait_until
from support_night import CUTOFF, NOW, add_notifications, contents_of, make_night, run_batch


@pytest.fixture
def night(harness: Harness) -> Iterator[Clone]:
    clone = make_night(harness)
    yield clone
    clone.close()


class Writer(threading.Thread):
    """Inserts, updates into and out of the window and deletes rows of its own share.

    Notes the fate of each row as the database confirmed it.
    """

    def __init__(self, night: Clone, number: int, of: int, rows: list[tuple[Any, ...]]) -> None:
        super().__init__(daemon=True)
        self.night, self.of, self.number = night, of, number
        self.rows = {row[0]: row[1:] for row in rows if row[0] % of == number}
        self.gone: set[int] = set()
        self.draw = random.Random(number)
        self.stopping = threading.Event()
        self.error: Exception | None = None
        self.acts = 0

    def run(self) -> None:
        try:
            with self.night.connect() as connection:
                while not self.stopping.is_set():
                    with connection.transaction():
                        noted = [self.act(connection) for _ in range(self.draw.randint(1, 4))]
                        time.sleep(self.draw.choice([0, 0, 0.002, 0.01, 0.12]))
                    self.note(noted)
        except Exception as error:
            self.error = error

    def age(self) -> datetime:
        return CUTOFF + timedelta(seconds=self.draw.uniform(-5e5, 5e5))

    def act(self, connection: psycopg.Connection[Any]) -> tuple[str, tuple[Any, ...]] | None:
        kind = self.draw.choice(["insert", "update", "update", "delete"])
        if kind == "insert" or not self.rows:
            # another share's number may come: it is not ours to touch again, but ours to know
            row = connection.execute(
                "insert into public.notifications (user_id, message, created_at)"
                " values (%s, %s, %s) returning id, user_id, message, created_at, read_at",
                [self.draw.randint(1, 9), "new " + "x" * self.draw.randint(0, 90), self.age()],
            ).fetchone()
        elif kind == "update":
            row = connection.execute(
                "update public.notifications set message = message || '!', created_at = %s,"
                " read_at = %s where id = %s returning id, user_id, message, created_at, read_at",
                [self.age(), self.age(), self.pick()],
            ).fetchone()
        else:
            row = connection.execute(
                "delete from public.notifications where id = %s returning id", [self.pick()]
            ).fetchone()
        return row and (kind, row)

    def pick(self) -> int:
        return self.draw.choice(list(self.rows)[-400:])

    def note(self, noted: list[tuple[str, tuple[Any, ...]] | None]) -> None:
        for kind, row in filter(None, noted):
            self.acts += 1
            if kind == "delete":
                self.gone.add(row[0])
                self.rows.pop(row[0], None)
            else:
                self.rows[row[0]] = row[1:]


def test_every_row_is_accounted_for_while_sessions_write(night: Clone, long: bool) -> None:
    add_notifications(night, 60_000)
    rows = night.run("select id, user_id, message, created_at, read_at from public.notifications")
    writers = [Writer(night, number, 4, rows) for number in range(4)]
    for writer in writers:
        writer.start()

    # One cutoff for all the runs, so that each archived row can be held against it.
    outputs = []
    until = time.monotonic() + (30 if long else 6)
    while time.monotonic() < until:
        outputs.append(run_batch(night))
    for writer in writers:
        writer.stopping.set()
        writer.join(30)
        assert writer.error is None
    outputs.append(run_batch(night))

    live = contents_of(night, "public.notifications")
    archived = contents_of(night, "archive.notifications")
    expected: dict[int, tuple[Any, ...]] = {}
    for writer in writers:
        expected |= writer.rows
    gone = set().union(*(writer.gone for writer in writers))
    assert sum(writer.acts for writer in writers) > 200, "the writers hardly wrote"
    assert len(outputs) > 3
    assert not live.keys() & archived.keys(), "doubled"
    assert (live.keys() | archived.keys()) == expected.keys(), "lost or come from nowhere"
    assert not gone & (live.keys() | archived.keys()), "deleted, but still there"
    assert {**live, **archived} == expected, "a row is not as it was last written"
    assert all(row[2] < CUTOFF for row in archived.values()), "archived, but not due"
    assert all(row[2] >= CUTOFF for row in live.values()), "due, but left behind"
    assert sum(o["notifications"]["archived"] for o in outputs) == len(archived)
    assert outputs[-1]["notifications"]["left"] == 0


def test_rows_that_come_in_behind_a_sweep_are_found_by_the_next(night: Clone) -> None:
    add_notifications(night, 24_000)
    due = night.value("select count(*) from public.notifications where created_at < %s", CUTOFF)

    def step(state: dict[str, Any] | None) -> dict[str, Any]:
        given = Jsonb({"begin": {"cutoff": CUTOFF.isoformat()}})
        return night.value(
            "select night_batch.archive_notifications(%s, %s)", given, state and Jsonb(state)
        )

    answer = step(None)
    assert answer["state"]["step"] == "pages"
    answer = step(answer["state"] | {"step": "sweep"})
    assert (answer["rows"], answer["state"]["step"]) == (5_000, "sweep")
    night.run(
        "insert into public.notifications (user_id, message, created_at) values (1, 'late', %s)",
        CUTOFF - timedelta(days=999),
    )
    while not answer.get("done"):
        answer = step(answer["state"])
    assert (answer["archived"], answer["left"]) == (due + 1, 0)


@pytest.mark.parametrize("rows", [1, 20_000], ids=["by age", "by pages"])
def test_locked_rows_wait_for_the_next_night(night: Clone, rows: int) -> None:
    add_notifications(night, 20_000, age_days=29)
    night.run(
        "insert into public.notifications (user_id, message, created_at)"
        " select 1, 'due', %s - interval '1 hour' from generate_series(1, %s)", CUTOFF, rows + 4,
    )  # fmt: skip
    night.run("analyze public.notifications")
    with night.connect(autocommit=False) as holder:
        held = holder.execute(
            "select id from public.notifications where message = 'due' limit 2 for update"
        ).fetchall()
        # This one is refreshed, and must not be archived once that commits.
        refreshed = holder.execute(
            "update public.notifications set created_at = %s where id ="
            " (select max(id) from public.notifications) returning id", [NOW],
        ).fetchone()  # fmt: skip
        output = run_batch(night)
        assert output["notifications"] == {"archived": rows + 1, "left": 3}
        holder.commit()
    output = run_batch(night)
    assert output["notifications"] == {"archived": 2, "left": 0}
    archived = contents_of(night, "archive.notifications")
    assert {row[0] for row in held} <= archived.keys()
    assert refreshed[0] in contents_of(night, "public.notifications")
    assert refreshed[0] not in archived


def test_a_row_refreshed_while_the_batch_waits_for_it_stays(night: Clone) -> None:
    night.run(
        "insert into public.notifications (user_id, message, created_at)"
        " select 1, 'due', %s - interval '1 hour' from generate_series(1, 10)", CUTOFF,
    )  # fmt: skip
    # Without its limit the function waits for the row instead of leaving it out.
    night.run(
        "alter function night_batch.move_pages(bigint, bigint, timestamptz) reset lock_timeout"
    )
    with night.connect(autocommit=False) as holder:
        holder.execute("update public.notifications set created_at = %s where id = 5", [NOW])
        move = night.start(f"select night_batch.move_pages(0, 10, '{CUTOFF}')", user="postgres")
        pid = move.pid
        wait_until(
            lambda: night.value("select true from pg_locks where pid = %s and not granted", pid),
            what="the batch to wait for the row",
        )
        holder.commit()
    assert move.join() is None
    assert len(contents_of(night, "archive.notifications")) == 9
    assert list(contents_of(night, "public.notifications")) == [5]
