"""Does it keep its pace while a snapshot is held open, so that vacuum can remove nothing."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator

from bench.arena import Arena
from bench.figures import Table
from bench.scale import Scale
from pgrota.server import Server

SECONDS = 60
PARTS = 6
TRIAL = 50_000
FINISHED_SINCE = """
select count(*)
from rota_core.finished_run
where finished_at >= to_timestamp(%s) and finished_at < to_timestamp(%s)
"""


def measure(server: Server, scale: Scale) -> list[Table]:
    length = scale.seconds(SECONDS)
    runs = round(_trial(server) * length * 1.6)
    scale.say(f"snapshot: {runs:,} runs, without a snapshot held")
    free = _rates(server, runs, length, held=False)
    scale.say(f"snapshot: {runs:,} runs, with a snapshot held")
    return [_figures(free, _rates(server, runs, length, held=True), length)]


def _trial(server: Server) -> float:
    """Runs per second to be expected: of several tries the fastest."""
    with Arena(server) as arena:
        rates = []
        for _ in range(3):
            arena.clear()
            arena.load(TRIAL)
            arena.settle()
            rates.append(TRIAL / arena.drain().seconds)
        return max(rates)


def _rates(server: Server, runs: int, length: float, *, held: bool) -> list[float]:
    """Runs per second in each part of the time."""
    with Arena(server) as arena:
        arena.load(runs)
        arena.settle()
        with holding(arena) if held else contextlib.nullcontext(), arena.supervised():
            started = time.time()
            with arena.working() as workers:
                time.sleep(length)
                for worker in workers:
                    worker.check()
            if not arena.value("select exists (select from rota_core.run)"):
                raise RuntimeError(f"{runs:,} runs did not last {length:g} s")
        part = length / PARTS
        ends = [started + part * place for place in range(PARTS + 1)]
        return [
            arena.value(FINISHED_SINCE, begin, end) / part
            for begin, end in itertools.pairwise(ends)
        ]


@contextlib.contextmanager
def holding(arena: Arena) -> Iterator[None]:
    """A transaction that sees everything as it was when it began."""
    with arena.connect(autocommit=False) as connection:
        connection.execute("set transaction isolation level repeatable read")
        connection.execute("select count(*) from rota_core.task")
        yield
        connection.rollback()


def _figures(free: list[float], held: list[float], length: float) -> Table:
    table = Table(
        f"One worker during {length:g} s of work, without and with a snapshot held open",
        ["seconds", "runs/s without", "runs/s with", "with : without"],
        notes=["Goal: at least half."],
    )
    part = length / PARTS
    for place, (without, with_it) in enumerate(zip(free, held, strict=True)):
        name = f"{part * place:g} to {part * (place + 1):g}"
        table.add(name, without, with_it, with_it / without if without else None)
    table.add("all", sum(free) / PARTS, sum(held) / PARTS, sum(held) / sum(free))
    return table
