"""The night batch: what a failure, a kill or a surprising archive leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Clone, Harness, wait_until
from support_night import (
    CUTOFF,
    add_notifications,
    contents_of,
    finish,
    make_night,
    part,
    start,
)


@pytest.fixture
def night(harness: Harness) -> Iterator[Clone]:
    clone = make_night(harness)
    yield clone
    clone.close()


def test_a_duplicate_in_the_archive_is_an_error_and_loses_nothing(night: Clone) -> None:
    add_notifications(night, 2_000)
    night.run(
        "insert into archive.notifications select id, user_id, 'another', created_at, read_at"
        " from public.notifications where id = 1999"
    )
    run = finish(night, start(night))
    assert run["state"] == "failed"
    assert run["error"]["step"] == "archiving"
    archiving = part(night, run["run_id"], "archiving")
    assert archiving["attempt"] == 1, "a duplicate does not pass, so it is not tried again"
    assert run["error"]["sqlstate"] == "23505"
    assert night.value("select count(*) from public.notifications") == 2_000
    assert night.value("select message from archive.notifications where id = 1999") == "another"

    night.run("delete from archive.notifications where id = 1999")
    night.run("select rota.retry(%s)", run["run_id"])
    run = finish(night, run["run_id"])
    assert run["state"] == "succeeded", (run["error"], run["attempts"])
    assert run["output"]["report"]["notifications"]["archived"] == night.value(
        "select count(*) from archive.notifications"
    )


def test_an_archive_that_swallows_rows_fails_the_run(night: Clone) -> None:
    add_notifications(night, 2_000)
    night.run(
        "create function archive.swallow() returns trigger language plpgsql as"
        " 'begin return null; end'"
    )
    night.run(
        "create trigger swallow before insert on archive.notifications for each row"
        " when (new.id % 2 = 0) execute function archive.swallow()"
    )
    run = finish(night, start(night))
    assert run["state"] == "failed"
    assert run["error"]["sqlstate"] == "23000"
    assert "deleted but" in run["error"]["message"]
    assert night.value("select count(*) from public.notifications") == 2_000
    assert night.value("select count(*) from archive.notifications") == 0


def test_a_killed_worker_is_followed_by_one_that_goes_on_at_the_checkpoint(
    night: Clone, long: bool
) -> None:
    add_notifications(night, 400_000 if long else 150_000)
    before = contents_of(night, "public.notifications")
    due = {key for key, row in before.items() if row[2] < CUTOFF}
    run_id = start(night)
    night.supervise()

    def moved() -> int:
        archiving = part(night, run_id, "archiving")
        assert not archiving["finished_at"], "it was too quick to be killed"
        return (archiving["progress"] or {"done": 0})["done"]

    def moved_more_than(rows: int) -> bool:
        done = moved()
        assert done >= rows, "it began again"
        return done > rows

    starter = night.work()
    for _ in range(2):
        # Nobody is at work here: what is moved from now on, this worker has moved.
        seen = moved()
        worker = night.work(lane="batch")
        wait_until(
            lambda seen=seen: moved_more_than(seen),
            timeout=30,
            interval=0.001,
            what=f"more than {seen} rows to be moved",
        )
        worker.terminate()
        worker.join()
    starter.terminate()
    run = finish(night, run_id)

    assert run["state"] == "succeeded", run["error"]
    archiving = part(night, run_id, "archiving")
    assert archiving["attempt"] == 3
    assert [a["outcome"] for a in archiving["attempts"]] == ["lost", "lost", "succeeded"]
    live = contents_of(night, "public.notifications")
    archived = contents_of(night, "archive.notifications")
    assert archived.keys() == due
    assert not live.keys() & archived.keys()
    assert {**live, **archived} == before
    assert run["output"]["report"]["notifications"] == {"archived": len(due), "left": 0}
    assert archiving["rows_done"] == len(due), "a row was counted twice"
