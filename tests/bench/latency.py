"""How long from the commit of a start to its handler, with a worker that has nothing else to do."""

from __future__ import annotations

import random
import time

from bench.arena import Arena
from bench.figures import Table, percentile
from bench.scale import Scale
from pgrota.server import Server

IDLE = 60
BUSY = 300
OUTPUTS = "select run_id, (output ->> 'at')::float8 from rota_core.finished_run"


def measure(server: Server, scale: Scale) -> list[Table]:
    table = Table(
        "From the commit of rota.start to the handler, in milliseconds",
        ["starts", "how many", "p50", "p99", "longest"],
        notes=[
            "One worker with the default poll, a supervisor beside it; read from the same clock.",
            "Goal: p50 under 150 ms.",
        ],
    )
    chance = random.Random(1)
    with Arena(server) as arena, arena.supervised(), arena.working():
        for name, count, gap in (
            ("1.2 to 2.2 s apart", scale.of(IDLE, least=5), lambda: chance.uniform(1.2, 2.2)),
            ("at random, 10 a second", scale.of(BUSY), lambda: chance.expovariate(10)),
        ):
            scale.say(f"latency: {count} starts {name}")
            found = []
            for _ in range(count):
                time.sleep(gap())
                found.append(_start(arena))
            delays = _delays(arena, dict(found))
            table.add(name, count, percentile(delays, 0.5), percentile(delays, 0.99), max(delays))
    return [table]


def _start(arena: Arena) -> tuple[int, float]:
    """A run, and when its start was known to be committed."""
    run_id = arena.value("select run_id from rota.start('stamp')")
    return run_id, time.time()


def _delays(arena: Arena, starts: dict[int, float]) -> list[float]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        handled = dict(arena.run(OUTPUTS))
        if starts.keys() <= handled.keys():
            # The handler may be faster than the answer to the client.
            return [max(0.0, 1000 * (handled[run] - at)) for run, at in starts.items()]
        time.sleep(0.1)
    raise TimeoutError("not all starts were handled")
