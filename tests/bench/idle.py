"""What workers cost that have nothing to do."""

from __future__ import annotations

import time

from bench.arena import Arena
from bench.figures import Table
from bench.processes import cpu_seconds
from bench.scale import Scale
from pgrota.server import Server

SECONDS = 60
WORKERS = 2


def measure(server: Server, scale: Scale) -> list[Table]:
    length = scale.seconds(SECONDS)
    table = Table(
        f"Share of a core while idle, over {length:g} s",
        ["who", "percent"],
        notes=["Default poll. Goal: a worker under 1 %."],
    )
    with Arena(server) as arena, arena.supervised() as supervisor, arena.working(WORKERS) as work:
        scale.say(f"idle: waiting for {length:g} s")
        arena.load(100)
        arena.wait_drained(work)
        time.sleep(2)
        sessions = [*work, supervisor]
        before = [cpu_seconds(session.pid) for session in sessions]
        started = time.perf_counter()
        time.sleep(length)
        passed = time.perf_counter() - started
        used = [cpu_seconds(s.pid) - b for s, b in zip(sessions, before, strict=True)]
        for session in sessions:
            session.check()
    names = [*(f"worker {place + 1}" for place in range(WORKERS)), "supervisor"]
    for name, seconds in zip(names, used, strict=True):
        table.add(name, 100 * seconds / passed)
    return [table]
