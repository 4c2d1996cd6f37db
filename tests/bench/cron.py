"""What a cron expression costs: rota.cron_next, and cronsim in Python for orientation."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from bench.arena import Arena
from bench.figures import Table, median
from bench.scale import Scale
from pgrota.server import Server

CALLS = 2_000
RARE = "0 0 29 2 *"
KINDS = (
    ("* * * * *", "UTC"),
    ("*/15 8-18 * * mon-fri", "UTC"),
    ("0 3 * * *", "UTC"),
    ("30 2 * * *", "Europe/Berlin"),
    ("*/5 * * * *", "Europe/Berlin"),
    ("0 9 * * 1-5", "America/New_York"),
    ("0 0 L * *", "UTC"),
    ("0 0 * * 1#2", "UTC"),
    ("@every 10 seconds", "UTC"),
    (RARE, "UTC"),
    ("0 0 29 2 1", "UTC"),
    ("0 0 */28 2 mon#5", "UTC"),
)
START = datetime(2026, 1, 1, 0, 0, 7, tzinfo=UTC)
STEP = timedelta(hours=7)
ASK = """
select count(rota.cron_next(%s, %s::timestamptz + i * interval '7 h', %s))
from generate_series(1, %s) as i
"""


def measure(server: Server, scale: Scale) -> list[Table]:
    calls = scale.of(CALLS)
    table = Table(
        "One call, in microseconds",
        ["expression", "zone", "rota.cron_next", "cronsim", "cronsim : rota"],
        notes=[
            f"Medians of {scale.rounds} rounds of {calls:,} moments, expression parsed each time.",
            f"Goals: under 100 for the usual ones, under 5,000 for {RARE}.",
        ],
    )
    with Arena(server) as arena:
        for expression, zone in KINDS:
            ours, theirs = [], []
            for _ in range(scale.rounds):
                ours.append(_ours(arena, expression, zone, calls))
                if not expression.startswith("@"):
                    theirs.append(_theirs(expression, zone, calls // 4))
            other = median(theirs) if theirs else None
            ratio = other / median(ours) if other else None
            table.add(expression, zone, median(ours), other, ratio)
    return [table]


def _ours(arena: Arena, expression: str, zone: str, calls: int) -> float:
    started = time.perf_counter()
    arena.run(ASK, expression, START, zone, calls)
    return 1e6 * (time.perf_counter() - started) / calls


def _theirs(expression: str, zone: str, calls: int) -> float:
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    started = time.perf_counter()
    for place in range(1, calls + 1):
        next(CronSim(expression, (START + place * STEP).astimezone(tz)))
    return 1e6 * (time.perf_counter() - started) / calls
