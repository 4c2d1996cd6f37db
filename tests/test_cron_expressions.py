"""rota.cron_next, cron_prev and cron_matches against the library cronsim.

Where a zone's clock changes the two differ, rightly, in four ways, each checked against the
definition (`happens`) instead:

- In the second half of a doubled hour cronsim may name a moment that is already past.
- For an expression that follows real time cronsim may name a time that the clock leaves out, or
  step over times where the clock moves by half an hour.
- Backwards over a change it loses or repeats a fixed time.
- Where the clock is put back over midnight it may go in circles for ever.

Everywhere else they agree to the second, in every zone of which Python and the server have the same
data. Where they differ in what may be written stands in test_cron_forms.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any
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
    LIVELY,
    Triple,
    agreed,
    changes,
    happens,
    minutes_between,
    triples,
)

BATCH = 250


class Impatient(CronSim):
    """Gives up where the library would go in circles."""

    ticks = 0

    def tick(self, seconds: int = 1) -> None:
        self.ticks += 1
        if self.ticks > 20_000:
            raise RecursionError
        super().tick(seconds)


def expected(
    expression: str, at: datetime, zone: str, *, reverse: bool
) -> datetime | type[RecursionError] | None:
    """The library's answer; None where it refuses, RecursionError where it has none."""
    local = at.astimezone(UTC if zone == "UTC" else ZoneInfo(zone))
    try:
        return next(Impatient(expression, local, reverse)).astimezone(UTC)
    except (CronSimError, StopIteration):
        return None
    except RecursionError:
        return RecursionError


def check_difference(triple: Triple, ours: datetime, theirs: Any, *, reverse: bool) -> None:
    """They differ. Then a change of the clock is near, and the definition is on our side."""
    expression, at, zone = triple
    what = f"{triple}: rota {ours}, cronsim {theirs}"
    cron = CronSim(expression, at.astimezone(ZoneInfo(zone)))
    answers = [ours, theirs] if isinstance(theirs, datetime) else [ours]
    near = [c for c in changes(zone) if any(abs(c - t) < 2 * DAY for t in (at, *answers))]
    assert near, what
    assert happens(cron, zone, ours), what
    assert (ours < at) if reverse else (ours > at), what
    if isinstance(theirs, datetime) and ((theirs > ours) if reverse else (theirs < ours)):
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


def run_batches(connection: psycopg.Connection, zones: list[str], examples: int) -> None:
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
    assert len(differences) >= examples
    assert sum(differences) < 0.1 * BATCH * len(differences), "they differ too often"


def test_agrees_with_cronsim(asked: psycopg.Connection) -> None:
    """20,000 triples: an expression, a moment, a zone."""
    zones = Random(1).sample(sorted(available_timezones()), 40)
    run_batches(asked, agreed(asked, {*LIVELY, *zones}), 80)


@pytest.mark.long
def test_agrees_with_cronsim_in_every_zone(asked: psycopg.Connection) -> None:
    zones = agreed(asked, available_timezones())
    assert len(zones) > 0.9 * len(available_timezones())
    run_batches(asked, zones, 400)


def test_a_time_that_the_clock_always_leaves_out_is_refused(asked: psycopg.Connection) -> None:
    """On the last Sunday of March there is no 02:00 in Berlin, nor any 01:00 in London."""
    asked.execute("set local statement_timeout = '5 s'")
    for expression, zone in (("* 2 * 3 0L", "Europe/Berlin"), ("*/5 1 * 3 sunL", "Europe/London")):
        ((following, _, _, refusal),) = asked.execute(
            ASK, ([expression], [datetime(2026, 1, 1, tzinfo=UTC)], [zone])
        )
        assert following is None
        assert refusal == f"this cron expression can never match in time zone {zone}"
        with pytest.raises(psycopg.errors.InvalidParameterValue), asked.transaction():
            asked.execute("select rota.cron_prev(%s, '2090-01-01', %s)", (expression, zone))
        fixed = f"30{expression.removeprefix('*/5').removeprefix('*')}"
        asked.execute("select rota.cron_next(%s, '2026-01-01', %s)", (fixed, zone))


@pytest.mark.parametrize(
    ("triple", "reverse", "ours", "theirs"),
    [
        # A fixed time in the second half of a doubled hour: the library's answer is past.
        (
            ("12-41,20-47 1-3 * * *", "2014-10-26T01:44", "Europe/Dublin"), False,
            "2014-10-26T02:12", "2014-10-26T00:45",
        ),
        (
            ("12-41,20-47 1-3 * * *", "2014-10-26T01:44", "Europe/Dublin"), True,
            "2014-10-26T00:47", "2014-10-26T00:43",
        ),
        # Midnight is left out, and with it the hour that is asked for.
        (
            ("* 0 15,L * 2L", "2027-04-29T09:09", "Africa/Cairo"), False,
            "2027-05-14T21:00", "2027-04-29T22:00",
        ),
        # 03:00 comes while the clock is half an hour off.
        (
            ("* 3 * * *", "2025-10-04T00:11", "Australia/Lord_Howe"), False,
            "2025-10-04T16:00", "2025-10-04T16:30",
        ),
        # The clock goes back from 00:30 to 00:00.
        (
            ("* 2 * * *", "2006-04-14T08:07", "Asia/Colombo"), False,
            "2006-04-14T20:30", RecursionError,
        ),
        # 31 December 1994 did not happen there.
        (
            ("23/16 * 15,L * *", "1994-12-31T12:21", "Pacific/Enderbury"), True,
            "1994-12-16T10:55", RecursionError,
        ),
    ],
)  # fmt: skip
def test_where_they_rightly_differ(
    asked: psycopg.Connection, triple: tuple[str, str, str], reverse: bool, ours: str, theirs: Any
) -> None:
    """Each kind of difference. Should the library change, this says which are gone."""
    expression, at, zone = triple
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    ((following, previous, _, _),) = asked.execute(ASK, ([expression], [moment], [zone]))
    found = previous if reverse else following
    assert found == datetime.fromisoformat(ours).replace(tzinfo=UTC)
    answer = expected(expression, moment, zone, reverse=reverse)
    if theirs is not RecursionError:
        theirs = datetime.fromisoformat(theirs).replace(tzinfo=UTC)
    assert answer == theirs
    check_difference((expression, moment, zone), found, theirs, reverse=reverse)
