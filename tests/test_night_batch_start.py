"""The night batch: how it is started, and what its role may do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from support_night import DAY, add_notifications, finish, get, make_night, part, start
from support_run import ok

PARTS = ("statistics", "sessions", "archiving")
# Each part is still at it when the last worker has looked for something to do.
PAUSES = """
create function public.pause() returns trigger language plpgsql as $$
begin perform pg_sleep(0.3); return null; end $$;
create trigger pause before insert on analytics.user_stats execute function public.pause();
create trigger pause before delete on auth.sessions execute function public.pause();
create trigger pause before delete on public.notifications execute function public.pause();
"""


@pytest.fixture
def night(harness: Harness) -> Iterator[Clone]:
    clone = make_night(harness)
    yield clone
    clone.close()


def test_the_schedule_and_an_application_start_one_run(night: Clone) -> None:
    scheduled = night.value("select rota.start_schedule('night-batch')")
    worker = night.work()
    wait_until(lambda: get(night, scheduled)["finished_at"], what="the start")
    worker.terminate()
    run_id = get(night, scheduled)["output"]["run_id"]
    rpc = night.run("select * from public.run_night_batch_processing()")
    assert rpc == [(run_id, False)]
    run = finish(night, run_id)
    assert run["state"] == "succeeded", (run["error"], run["attempts"])
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert run["output"]["report"]["day"] in (str(yesterday), str(yesterday - timedelta(days=1)))
    assert night.run("select * from public.run_night_batch_processing()") == [(run_id, False)]


def test_a_failed_day_is_started_again(night: Clone) -> None:
    add_notifications(night, 100)
    night.run("revoke insert on archive.notifications from night_batch")
    ((run_id, is_new),) = night.run("select * from public.run_night_batch_processing(%s)", DAY)
    assert is_new
    run = finish(night, run_id)
    assert (run["state"], run["error"]["sqlstate"]) == ("failed", "42501")
    night.run("grant insert on archive.notifications to night_batch")
    again = night.run("select * from public.run_night_batch_processing(%s)", DAY)
    assert again == [(run_id, False)]
    assert finish(night, run_id)["state"] == "succeeded"


def test_two_runs_never_archive_at_once(night: Clone) -> None:
    add_notifications(night, 60_000)
    first, second = start(night), start(night)
    night.work()
    night.work(lane="batch")
    night.work(lane="batch")
    wait_until(
        lambda: all(get(night, run)["finished_at"] for run in (first, second)),
        timeout=60, what="both runs to end",
    )  # fmt: skip
    parts = (part(night, first, "archiving"), part(night, second, "archiving"))
    one, other = sorted(parts, key=lambda run: run["started_at"])
    assert one["finished_at"] <= other["started_at"]


def fill(night: Clone, notifications: int, users: int, sessions: int) -> None:
    add_notifications(night, notifications)
    night.run(
        "insert into public.users (email, name)"
        " select 'u' || i || '@example.com', 'U' from generate_series(1, %s) as i",
        users,
    )
    night.run(
        "insert into auth.sessions (user_id, expires_at)"
        " select 1, timestamptz '2026-01-01' from generate_series(1, %s)",
        sessions,
    )


def begin(night: Clone) -> int:
    """A run that only the workers of lane batch have something to do with."""
    run_id = start(night)
    first = night.work()
    wait_until(lambda: get(night, run_id).get("steps"), what="the run to begin")
    first.terminate()
    first.join()
    return run_id


def run_by(night: Clone, run_id: int, workers: int) -> dict[str, dict[str, Any]]:
    """Let so many workers, and nobody else, do the run; its steps as its page has them."""
    for _ in range(workers):
        night.work(lane="batch")
    wait_until(lambda: get(night, run_id)["finished_at"], timeout=60, what="the run to end")
    shown = json.loads(ok(night, "run", "show", str(run_id), "--json"))
    assert shown["state"] == "succeeded", shown["error"]
    steps = {step["step"]: step for step in shown["steps"]}
    assert steps["report"]["started_at"] >= max(steps[name]["finished_at"] for name in PARTS)
    return steps


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return max(one["started_at"], other["started_at"]) < min(
        one["finished_at"], other["finished_at"]
    )


def drawn(page: str, step: str) -> tuple[int, int]:
    """From where to where the blocks of a step go on the page of its run."""
    line = next(line for line in page.splitlines() if line.split()[:1] == [step])
    blocks = [place for place, sign in enumerate(line) if "\u2580" <= sign <= "\u2590"]
    return blocks[0], blocks[-1]


def test_two_workers_archive_beside_statistics_and_sessions(night: Clone) -> None:
    # So much that each of the three parts takes a while.
    fill(night, notifications=300_000, users=300_000, sessions=50_000)
    run_id = begin(night)
    steps = run_by(night, run_id, workers=2)
    # All three may start at the same moment; two workers do two of them at a time.
    assert len({steps[name]["ready_at"] for name in PARTS}) == 1
    assert overlap(steps["archiving"], steps["statistics"])
    assert overlap(steps["archiving"], steps["sessions"])
    assert not overlap(steps["statistics"], steps["sessions"])
    workers = "select count(distinct worker_id) from rota.attempts where task like 'night-batch-%'"
    assert night.value(workers) == 2

    page = ok(night, "run", "show", str(run_id))
    lines = {step: drawn(page, step) for step in (*PARTS, "report")}
    for other in ("statistics", "sessions"):
        begun, ended = zip(lines["archiving"], lines[other], strict=True)
        assert max(begun) <= min(ended), page
    assert lines["report"][0] >= lines["archiving"][1], page


def test_three_workers_do_all_three_parts_at_once(night: Clone) -> None:
    fill(night, notifications=100, users=100, sessions=100)
    night.run(PAUSES)
    run_id = begin(night)
    steps = run_by(night, run_id, workers=3)
    for one, other in itertools.combinations(PARTS, 2):
        assert overlap(steps[one], steps[other]), f"{one} and {other} did not run at once"
    assert max(steps[name]["started_at"] for name in PARTS) < min(
        steps[name]["finished_at"] for name in PARTS
    )


@pytest.mark.parametrize(
    "statement",
    [
        "select email from public.users",
        "delete from public.users",
        "update public.notifications set message = ''",
        "update public.notifications set created_at = now()",
        "update public.notifications set id = 1",
        "insert into public.notifications (user_id, message) values (1, '')",
        "select * from archive.notifications",
        "delete from archive.notifications",
        "select path from logs.api_requests",
        "select title from public.contents",
        "select * from rota.runs",
        "select rota.start('night-batch')",
        "create table public.mine ()",
    ],
)
def test_the_role_of_the_batch_may_do_no_more_than_the_batch(night: Clone, statement: str) -> None:
    with night.connect() as connection:
        connection.execute("set role night_batch")
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.GeneratedAlways)):
            connection.execute(statement)
