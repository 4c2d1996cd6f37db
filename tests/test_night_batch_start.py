"""The night batch: how it is started, and what its role may do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from support_night import DAY, add_notifications, finish, get, make_night, part, start


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


def test_statistics_and_sessions_run_beside_the_archiving(night: Clone) -> None:
    add_notifications(night, 60_000)
    night.run("insert into public.users (email, name) values ('a@example.com', 'A')")
    night.run(
        "insert into auth.sessions (user_id, expires_at)"
        " select 1, timestamptz '2026-01-01' from generate_series(1, 20000)"
    )
    run_id = start(night)
    for lane in ("default", "batch", "batch"):
        night.work(lane=lane)
    wait_until(lambda: get(night, run_id)["finished_at"], timeout=60, what="the run to end")
    spans = {
        step: (begun, ended)
        for step, begun, ended in night.run(
            "select step, started_at, finished_at from rota.pipeline_steps where run_id = %s",
            run_id,
        )
    }
    for step in ("statistics", "sessions"):
        assert spans[step][0] < spans["archiving"][1], f"{step} waited for the archiving"
        assert spans["archiving"][0] < spans[step][1], f"the archiving waited for {step}"
    last = max(spans[step][1] for step in ("statistics", "sessions", "archiving"))
    assert spans["report"][0] >= last


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
