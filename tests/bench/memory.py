"""Does a worker grow: its private memory after every 10,000 runs of one call."""

from __future__ import annotations

from bench.arena import Arena
from bench.figures import Table
from bench.processes import private_kilobytes
from bench.scale import Scale
from pgrota.server import Server

STEP = 10_000
STEPS = 10


def measure(server: Server, scale: Scale) -> list[Table]:
    step = scale.of(STEP)
    table = Table(
        "Private memory of a worker in one call",
        ["runs", "kB", "more than at first"],
        notes=["RssAnon: without what the server shares. Goal: flat after the first step."],
    )
    with Arena(server) as arena, arena.supervised(), arena.working() as (worker,):
        first = 0
        for place in range(1, STEPS + 1):
            scale.say(f"memory: step {place} of {STEPS}")
            arena.load(step)
            arena.wait_drained([worker])
            size = private_kilobytes(worker.pid)
            first = first or size
            table.add(step * place, size, size - first)
    return [table]
