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

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import psycopg
import pytest
from cronsim import CronSim, CronSimError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Santiago"),
    *("Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia"),
    *("Europe/Dublin", "America/Havana", "Asia/Kathmandu"),
]
BATCH = 250
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
Triple = tuple[str, datetime, str]


MONTHS = ["jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "Mon", "TUE", "wed", "thu", "fri", "sat"]


def item(random: Random, low: int, high: int, names: list[str]) -> str:
    """One item of a field: a value, a name, a range, or one of them with a step."""
    first, last = sorted(random.sample(range(low, high + 1), 2))
    spread = f"{first}-{last}"
    step = random.randint(1, (high - low) // 2 + 1)
    return random.choice(
        [
            *(str(first), random.choice(names) if names else str(last), spread),
            *(f"*/{step}", f"{spread}/{step}", f"{first}/{step}"),
        ]
    )


def field(random: Random, low: int, high: int, names: list[str] | None = None) -> str:
    if random.random() < 0.3:
        return "*"
    items = random.choice([1, 1, 1, 2, 3])
    return ",".join(item(random, low, high, names or []) for _ in range(items))


def expression(random: Random) -> str:
    """Five fields, often at night, where clocks change, and often with unrestricted days."""
    night = ["0", "1", "2", "3", "1-3", "*/2"]
    weekday = random.choice([*"01234567", *WEEKDAYS])
    special_weekday = [f"{random.randint(0, 7)}L", f"{weekday}#{random.randint(1, 5)}"]
    return " ".join(
        [
            field(random, 0, 59),
            random.choice([field(random, 0, 23), random.choice(night)]),
            random.choice(
                ["*", "*", field(random, 1, 31), random.choice(["L", "LW", "15,L", "1,LW"])]
            ),
            random.choice(["*", "*", field(random, 1, 12, MONTHS)]),
            random.choice(
                ["*", "*", field(random, 0, 7, WEEKDAYS), random.choice(special_weekday)]
            ),
        ]
    )


@cache
def changes(zone: str) -> list[datetime]:
    """The moments from 1970 to 2100 at which a zone's offset changes."""
    tz = ZoneInfo(zone)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(tz).utcoffset()

    found = []
    at, step = datetime(1970, 1, 2, tzinfo=UTC), timedelta(days=8)
    while at.year < 2100:
        if offset(at) != offset(at + step):
            low, high = at, at + step
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == offset(at) else (low, middle)
            found.append(high)
        at += step
    return found


def moment(random: Random, zone: str) -> datetime:
    """Any time from 1970 to 2100, but half of them near a change of the clock."""
    if changes(zone) and random.random() < 0.5:
        return random.choice(changes(zone)) + MINUTE * random.randint(-2000, 200)
    at = datetime(1970, 1, 2, tzinfo=UTC) + timedelta(days=random.uniform(0, 47_480))
    return at if random.random() < 0.5 else at.replace(second=0, microsecond=0)


def triples(seed: int, zones: list[str]) -> list[Triple]:
    random = Random(seed)
    drawn = [random.choice(zones) for _ in range(BATCH)]
    return [(expression(random), moment(random, zone), zone) for zone in drawn]


def names(cron: CronSim, wall: datetime) -> bool:
    """Whether an expression names this time on the wall."""
    return (
        wall.second == 0
        and wall.minute in cron.minutes
        and wall.hour in cron.hours
        and wall.month in cron.months
        and cron.match_day(wall.date())
    )


def happens(cron: CronSim, zone: str, at: datetime) -> bool:
    """The definition: whether an expression fires at this moment."""
    local = at.astimezone(ZoneInfo(zone))
    wall = local.replace(tzinfo=None)
    if not cron.fixup_tz:
        return names(cron, wall)
    if local.fold:
        return False
    before = (at - MINUTE).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    left_out = int((wall - before) / MINUTE)
    return any(names(cron, wall - n * MINUTE) for n in range(max(left_out, 1)))


def minutes_between(since: datetime, until: datetime) -> Iterator[datetime]:
    """Every full minute after `since` and before `until`, for two days at most."""
    at = since.replace(second=0, microsecond=0) + MINUTE
    while at < min(until, since + 2 * DAY):
        yield at
        at += MINUTE


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


ATTEMPT = """
create function pg_temp.attempt(
  expression text, at timestamptz, zone text,
  out next_at timestamptz, out prev_at timestamptz, out does_match boolean, out refusal text
) language plpgsql as $$
begin
  next_at := rota.cron_next(expression, at, zone);
  prev_at := rota.cron_prev(expression, at, zone);
  does_match := rota.cron_matches(expression, at, zone);
exception when invalid_parameter_value then
  refusal := sqlerrm;
end $$;
"""
ASK = """
select a.*
from unnest(%s::text[], %s::timestamptz[], %s::text[]) with ordinality as t (e, at, zone, n),
  lateral pg_temp.attempt(t.e, t.at, t.zone) as a
order by t.n
"""


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
        differences.append(compare(connection, triples(seed, zones)))

    batches()
    return differences


def test_agrees_with_cronsim(asked: psycopg.Connection) -> None:
    differences = run_batches(asked, ZONES, 16)
    assert sum(differences) < 0.1 * BATCH * len(differences), "they differ too often"


@pytest.mark.long
def test_agrees_with_cronsim_in_every_zone(asked: psycopg.Connection) -> None:
    zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith("Etc/"))
    run_batches(asked, zones, 100)


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
        ("-1 * * * *", "cron field minute does not take"),
        ("99999999999 * * * *", "cron field minute does not take"),
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
