"""The night batch: its figures, and what its input can change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from harness import Clone, Harness
from support_night import (
    CUTOFF,
    DAY,
    MIDNIGHT,
    NOW,
    TICK,
    finish,
    make_night,
    run_batch,
    start,
)  # fmt: skip


@pytest.fixture
def night(harness: Harness) -> Iterator[Clone]:
    clone = make_night(harness)
    yield clone
    clone.close()


def moments(seed: int) -> list[datetime | None]:
    """Random times around the day, and each side of each boundary."""
    draw = random.Random(seed)
    edges = [MIDNIGHT, MIDNIGHT + timedelta(days=1), NOW, NOW - timedelta(hours=24)]
    times = [edge + step for edge in edges for step in (-TICK, timedelta(0), TICK)]
    times += [MIDNIGHT + timedelta(hours=draw.uniform(-60, 60)) for _ in range(25)]
    return [*times, None]


def python_statistics(users: list[tuple[datetime, datetime | None]]) -> dict[str, int]:
    after = MIDNIGHT + timedelta(days=1)
    active = [u for u in users if u[1] is not None and u[1] >= MIDNIGHT]
    return {
        "active_users": len(active),
        "new_users": sum(MIDNIGHT <= created < after for created, _ in users),
        "returning_users": sum(created < MIDNIGHT for created, _ in active),
    }


def python_average(requests: list[tuple[datetime, int]]) -> Decimal | None:
    times = [ms for at, ms in requests if NOW - timedelta(hours=24) <= at < NOW]
    if not times:
        return None
    exact = Fraction(sum(times), len(times))
    value = Decimal(exact.numerator) / Decimal(exact.denominator)
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "America/New_York"])
def test_each_figure_is_what_python_counts(night: Clone, zone: str) -> None:
    night.run(f"alter database {night.name} set timezone = '{zone}'")
    created = [m for m in moments(1) if m is not None]
    users = [(c, seen) for c in created for seen in moments(2)]
    requests = [(m, 7 + 13 * n) for n, m in enumerate(created)]
    with night.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into public.users (email, name, created_at, last_activity_at)"
            " values ('a@example.com', 'A', %s, %s)",
            users,
        )
        cursor.executemany(
            "insert into logs.api_requests (created_at, response_time, path, status)"
            " values (%s, %s, '/', 200)",
            requests,
        )
        cursor.execute(
            "insert into public.contents (author_id, title, body)"
            " select min(u.id), 'title', 'body' from public.users as u"
            " cross join generate_series(1, 3) group by u.id limit 11"
        )

    output = run_batch(night)

    stats = night.run(
        "select date, active_users, new_users, returning_users, computed_at"
        " from analytics.user_stats"
    )
    expected = python_statistics(users)
    assert stats == [(DAY, *expected.values(), NOW)]
    assert {k: output["statistics"][k] for k in expected} == expected
    health = night.run(
        "select date, user_count, content_count, avg_response_time from reports.system_health"
    )
    assert health == [(date(2026, 3, 29), len(users), 11, python_average(requests))]


def test_the_ages_are_exact_to_the_microsecond(night: Clone) -> None:
    night.run(f"alter database {night.name} set timezone = 'Europe/Berlin'")
    ages = {"before": CUTOFF - TICK, "at": CUTOFF, "after": CUTOFF + TICK}
    ends = {"before": NOW - TICK, "at": NOW, "after": NOW + TICK}
    night.run("insert into public.users (email, name) values ('a@example.com', 'A')")
    for name, moment in ages.items():
        night.run(
            "insert into public.notifications (user_id, message, created_at) values (1, %s, %s)",
            name, moment,
        )  # fmt: skip
    for moment in ends.values():
        night.run("insert into auth.sessions (user_id, expires_at) values (1, %s)", moment)

    output = run_batch(night)

    assert output["notifications"] == {"archived": 1, "left": 0}
    assert output["sessions"] == {"deleted": 1}
    assert night.run("select message, created_at from archive.notifications") == [
        ("before", CUTOFF - TICK)
    ]
    assert night.run("select message from public.notifications order by id") == [
        ("at",), ("after",),
    ]  # fmt: skip
    assert night.run("select expires_at from auth.sessions order by 1") == [
        (NOW,), (NOW + TICK,),
    ]  # fmt: skip


def test_empty_tables_give_a_report_of_nothing(night: Clone) -> None:
    output = run_batch(night)
    assert night.run("select * from analytics.user_stats") == [(DAY, 0, 0, 0, NOW)]
    assert night.run("select * from reports.system_health") == [(date(2026, 3, 29), 0, 0, None)]
    assert output["notifications"] == {"archived": 0, "left": 0}
    assert output["sessions"] == {"deleted": 0}


def test_the_first_result_of_a_day_stands_unless_asked(night: Clone) -> None:
    run_batch(night)
    night.run(
        "insert into public.users (email, name, created_at, last_activity_at)"
        " values ('a@example.com', 'A', %s, %s)", MIDNIGHT, MIDNIGHT,
    )  # fmt: skip
    later = (NOW + timedelta(hours=1)).isoformat()

    output = run_batch(night, now=later)
    assert output["statistics"]["computed"] is False
    assert night.run("select * from analytics.user_stats") == [(DAY, 0, 0, 0, NOW)]
    assert night.value("select user_count from reports.system_health") == 0

    output = run_batch(night, now=later, recompute=True)
    assert output["statistics"]["computed"] is True
    assert night.run("select * from analytics.user_stats") == [
        (DAY, 1, 1, 0, NOW + timedelta(hours=1))
    ]
    assert night.value("select user_count from reports.system_health") == 1


def test_the_sessions_table_and_its_column_are_settings(night: Clone) -> None:
    night.run('create schema "Other app"')
    night.run(
        'create table "Other app"."log; in" (sid uuid default gen_random_uuid(), "not""after"'
        " timestamptz) partition by hash (sid)"
    )
    for part in range(2):
        night.run(
            f'create table "Other app".part_{part} partition of "Other app"."log; in"'
            f" for values with (modulus 2, remainder {part})"
        )
    night.run(
        'insert into "Other app"."log; in" ("not""after")'
        " select %s + g.i * interval '1 s' from generate_series(-20000, 19999) as g (i)", NOW,
    )  # fmt: skip
    night.run('insert into "Other app"."log; in" ("not""after") values (null)')
    night.run('grant usage on schema "Other app" to night_batch')
    night.run('grant select, delete, update on "Other app"."log; in" to night_batch')
    night.run("insert into public.users (email, name) values ('a@example.com', 'A')")
    night.run("insert into auth.sessions (user_id, expires_at) values (1, '2020-01-01')")

    with night.connect(autocommit=False) as holder:
        holder.execute(
            'select from "Other app"."log; in" where "not""after" = %s for update',
            [NOW - timedelta(seconds=7)],
        )
        output = run_batch(
            night, sessions_table='"Other app"."log; in"', sessions_time_column='not"after'
        )
    assert output["sessions"] == {"deleted": 19_999}
    left = night.run('select "not""after" from "Other app"."log; in" order by 1')
    assert left[0] == (NOW - timedelta(seconds=7),)
    assert left[1] == (NOW,)
    assert len(left) == 20_002
    assert night.value("select count(*) from auth.sessions") == 1


def test_a_sessions_table_that_is_not_there_fails_clearly(night: Clone) -> None:
    run = finish(night, start(night, sessions_table="auth.nowhere"))
    assert run["state"] == "failed"
    assert run["error"]["sqlstate"] == "42P01"
    assert "auth.nowhere" in run["error"]["message"]
