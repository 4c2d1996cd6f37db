"""rota.cron_next, cron_prev and cron_matches against the library cronsim.

Where a zone's clock changes the two differ, rightly, in three ways, each checked against the
definition (`happens`) instead:

- In the second half of a doubled hour cronsim may name a moment that is already past.
- For an expression that follows real time cronsim may name a time that the clock leaves out, or
  step over times where the clock moves by half an hour.
- Backwards over a change it loses or repeats a fixed time.

Everywhere else they agree to the second. Differences in what is written stand at the end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from cronsim import CronSim, CronSimError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support_cron import (
    ASK,
    ATTEMPT,
    DAY,
    Triple,
    changes,
    happens,
    minutes_between,
    triples,
)

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Santiago"),
    *("Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia"),
    *("Europe/Dublin", "America/Havana", "Asia/Kathmandu"),
]
BATCH = 250


def expected(expression: str, at: datetime, zone: str, *, reverse: bool) -> datetime | None:
    local = at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    try:
        return next(CronSim(expression, local, reverse)).astimezone(UTC)
    except (CronSimError, StopIteration):
        return None


def check_difference(triple: Triple, ours: datetime, theirs: datetime, *, reverse: bool) -> None:
    """They differ. Then a change of the clock is near, and the definition is on our side."""
    expression, at, zone = triple
    what = f"{triple}: rota {ours}, cronsim {theirs}"
    cron = CronSim(expression, at.astimezone(ZoneInfo(zone)))
    near = [c for c in changes(zone) if any(abs(c - t) < 2 * DAY for t in (at, ours, theirs))]
    assert near, what
    assert happens(cron, zone, ours), what
    assert (ours < at) if reverse else (ours > at), what
    if (theirs > ours) if reverse else (theirs < ours):
        gone = theirs >= at if reverse else theirs <= at
        assert gone or not happens(cron, zone, theirs), what
    since, until = (max(ours, at - 2 * DAY), at) if reverse else (at, ours)
    skipped = [t for t in minutes_between(since, until) if happens(cron, zone, t)]
    assert not skipped, f"{what}: skipped {skipped[0]}"


def compare(connection: psycopg.Connection, batch: list[Triple]) -> int:
    """Compares a batch in one round trip; returns how many differed rightly."""
    differences = 0
    answers = connection.execute(ASK, [list(column) for column in zip(*batch, strict=True)])
    for triple, (following, previous, does_match, refusal) in zip(batch, answers, strict=True):
        expression, at, zone = triple
        theirs = expected(expression, at, zone, reverse=False)
        assert (theirs is None) == (refusal is not None), f"{triple}: {refusal}, cronsim {theirs}"
        if theirs is None:
            continue
        if following != theirs:
            differences += 1
            check_difference(triple, following, theirs, reverse=False)
        theirs = expected(expression, at, zone, reverse=True)
        if theirs is not None and previous != theirs:
            differences += 1
            check_difference(triple, previous, theirs, reverse=True)
        cron = CronSim(expression, at.astimezone(ZoneInfo(zone)))
        minute = at.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0).astimezone(UTC)
        assert does_match == happens(cron, zone, minute), f"{triple}: matches {does_match}"
    return differences


@pytest.fixture
def asked(rolled_back: psycopg.Connection) -> psycopg.Connection:
    rolled_back.execute("set local time zone 'UTC'")
    rolled_back.execute(ATTEMPT)
    return rolled_back


def run_batches(connection: psycopg.Connection, zones: list[str], examples: int) -> list[int]:
    differences: list[int] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # The message names the triple; a smaller seed would not be simpler.
        phases=[Phase.generate],
    )
    @given(st.integers(0, 2**32))
    def batches(seed: int) -> None:
        differences.append(compare(connection, triples(seed, BATCH, zones)))

    batches()
    return differences


def test_agrees_with_cronsim(asked: psycopg.Connection) -> None:
    differences = run_batches(asked, ZONES, 16)
    assert sum(differences) < 0.1 * BATCH * len(differences), "they differ too often"


@pytest.mark.long
def test_agrees_with_cronsim_in_every_zone(asked: psycopg.Connection) -> None:
    zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/"))
    run_batches(asked, zones, 100)
