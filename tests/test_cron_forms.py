"""What a cron expression may say, what is refused, and what daylight saving does to it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from support_cron import ATTEMPT


@pytest.fixture
def asked(rolled_back: psycopg.Connection) -> psycopg.Connection:
    rolled_back.execute("set local time zone 'UTC'")
    rolled_back.execute(ATTEMPT)
    return rolled_back


@pytest.mark.parametrize(
    ("zone", "expression", "times"),
    [
        # Missing 02:00 to 03:00: a fixed time at the first minute after it, once.
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:30"),
        ("Europe/Berlin", "0,30 2 * * *", "2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:00"),
        ("Europe/Berlin", "*/30 2 * * *", "2026-03-28T01:30 2026-03-30T00:00"),
        # Doubled 02:00 to 03:00: a fixed time in the first of the two, a star in both.
        ("Europe/Berlin", "30 2 * * *", "2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30"),
        ("Europe/Berlin", "30 * * * *", "2026-10-25T00:30 2026-10-25T01:30 2026-10-25T02:30"),
        ("America/New_York", "30 1 * * *", "2026-10-31T05:30 2026-11-01T05:30 2026-11-02T06:30"),
        # Midnight itself is missing.
        ("Africa/Cairo", "0 0 * * *", "2026-04-22T22:00 2026-04-23T22:00 2026-04-24T21:00"),
        ("America/Santiago", "15 0 * * 0", "2026-08-30T04:15 2026-09-06T04:00 2026-09-13T03:15"),
        # The clock moves by half an hour.
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-02T15:45 2026-10-03T15:30 2026-10-04T15:15"),
        ("Australia/Lord_Howe", "*/20 2 4 10 *", "2026-10-03T15:40 2027-10-03T15:00"),
        # Never moves, but is not whole hours away.
        ("Asia/Kolkata", "0 9 * * *", "2026-01-01T03:30 2026-01-02T03:30 2026-01-03T03:30"),
        # A whole day is missing.
        ("Pacific/Apia", "0 12 * * *", "2011-12-28T22:00 2011-12-29T22:00 2011-12-30T10:00"),
    ],
)
def test_daylight_saving(asked: psycopg.Connection, zone: str, expression: str, times: str) -> None:
    wanted = [datetime.fromisoformat(t).replace(tzinfo=UTC) for t in times.split()]
    at = wanted[0] - timedelta(seconds=1)
    found = []
    for _ in wanted:
        ((at,),) = asked.execute("select rota.cron_next(%s, %s, %s)", (expression, at, zone))
        found.append(at)
    assert found == wanted

    back = [at]
    for _ in wanted[1:]:
        ((at,),) = asked.execute("select rota.cron_prev(%s, %s, %s)", (expression, at, zone))
        back.append(at)
    assert back == wanted[::-1]


@pytest.mark.parametrize(
    ("ours", "same"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("  0\t3  * * fri-7 ", "0 3 * * 5,6,0"),
        ("0 0 * * friL", "0 0 * * 5L"),
        ("0 0 * * MON#2", "0 0 * * 1#2"),
        # cronsim takes the one value for the start of 5-59.
        ("5-5/10 * * * *", "5 * * * *"),
    ],
)
def test_forms_that_mean_the_same(asked: psycopg.Connection, ours: str, same: str) -> None:
    ask = """
    select array_agg(rota.cron_next(%s, d, 'Europe/Berlin') order by d)
    from generate_series(timestamptz '2026-01-01', '2026-03-01', interval '7 h') as d
    """
    assert asked.execute(ask, (ours,)).fetchone() == asked.execute(ask, (same,)).fetchone()


def test_every_counts_from_the_epoch(asked: psycopg.Connection) -> None:
    at = datetime(2026, 3, 29, 0, 59, 55, 700000, tzinfo=UTC)
    for every, seconds in (("10 seconds", 10), ("1h30m", 5400), ("7 days", 604800), ("1.5 s", 1.5)):
        (answer,) = asked.execute(
            "select rota.cron_next(e, at, z), rota.cron_prev(e, at, z),"
            " rota.cron_matches(e, rota.cron_next(e, at, z) + interval '0.2 s', z)"
            " from (values (%s, %s, 'Europe/Berlin')) as v (e, at, z)",
            (f"@every {every}", at),
        ).fetchall()
        past = at.timestamp() // seconds * seconds
        assert [t.timestamp() for t in answer[:2]] == [past + seconds, past]
        assert answer[2] or every == "1.5 s"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("60 * * * *", "cron field minute does not take"),
        ("* 24 * * *", "cron field hour does not take"),
        ("* * 0 * *", "cron field day of month does not take"),
        ("* * 32 * *", "cron field day of month does not take"),
        ("* * * 13 *", "cron field month does not take"),
        ("* * * foo *", "cron field month does not take"),
        ("* * * * 8", "cron field day of week does not take"),
        ("* * * * 6#6", "cron field day of week does not take"),
        ("* * * * L", "cron field day of week does not take"),
        ("5-1 * * * *", "cron field minute does not take"),
        ("*/0 * * * *", "cron field minute does not take"),
        ("1,,2 * * * *", 'cron field minute does not take ""'),
        # cronsim ignores the step.
        ("0 0 L/2 * *", "cron field day of month does not take"),
        ("* * * *", "has 4 fields, not 5"),
        # cronsim takes six fields, the first for seconds.
        ("* * * * * *", "has 6 fields, not 5"),
        ("", "has 0 fields, not 5"),
        ("@reboot", "is not known"),
        ("@every", "is not known"),
        ("@every soon", "has no usable interval"),
        ("@every 1 month", "has no usable interval"),
        ("@every 0 seconds", "has no usable interval"),
        ("@every -1 hour", "has no usable interval"),
        ("@every 0.5 seconds", "has no usable interval"),
        ("0 0 30 2 *", "can never match"),
        ("0 0 31 4,6,9,11 *", "can never match"),
        ("0 0 */31 * 1#3", "can never match"),
        ("0 0 LW * */6", "can never match"),
        ("0 0 29 2 */7", None),
    ],
)
def test_refusals(asked: psycopg.Connection, expression: str, says: str | None) -> None:
    (answer,) = asked.execute(
        "select refusal from pg_temp.attempt(%s, '2026-01-01', 'UTC')", (expression,)
    ).fetchall()
    assert (says in (answer[0] or "")) if says else answer[0] is None


def test_a_day_that_comes_once_in_forty_years(asked: psycopg.Connection) -> None:
    (found,) = asked.execute(
        "select rota.cron_next('0 0 */28 2 mon#5', '2080-03-01', 'UTC')"
    ).fetchone()
    wanted = next(
        date(year, 2, 29)
        for year in itertools.count(2081)
        if year % 4 == 0 and year % 100 != 0 and date(year, 2, 29).weekday() == 0
    )
    assert found.date() == wanted
