"""Does it keep its pace while a snapshot is held open, so that vacuum can remove nothing."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator

from bench import readers
from bench.arena import Arena
from bench.figures import Table
from bench.readers import CAPTURED
from bench.scale import Scale
from pgrota.server import Server

SECONDS = 60
PARTS = 6
TRIAL = 50_000
EVENTS, EVENT_PARTS = 500_000, 5
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
    held = _rates(server, runs, length, held=True)
    return [_figures(free, held, length), _events(server, scale)]


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


# events


def _events(server: Server, scale: Scale) -> Table:
    events = scale.of(EVENTS)
    table = Table(
        f"Events per second while a snapshot is held, of {events:,} captured ones",
        ["part", "without", "with", "with : without"],
        notes=["all-noop, one worker. The part is a share of the events, in the order of the log."],
    )
    with Arena(server) as arena:
        readers.prepare(arena)
        readers.capture(arena, events)
        readers.settle(arena)
        rates = {}
        for held in (False, True):
            scale.say(f"snapshot: events, a snapshot {'held' if held else 'not held'}")
            with (
                readers.subscribed(arena, CAPTURED, "all-noop"),
                holding(arena) if held else contextlib.nullcontext(),
                _sampled(arena) as samples,
            ):
                readers.drain(arena, events)
            rates[held] = _parts(samples, events)
    for place, (without, with_it) in enumerate(zip(rates[False], rates[True], strict=True)):
        table.add(f"{place + 1} of {EVENT_PARTS}", without, with_it, with_it / without)
    return table


@contextlib.contextmanager
def _sampled(arena: Arena) -> Iterator[list[tuple[float, int]]]:
    """When how many had been delivered."""
    samples: list[tuple[float, int]] = []
    ended = threading.Event()

    def look() -> None:
        with arena.connect() as connection:
            while not ended.is_set():
                row = connection.execute(readers.DELIVERED).fetchone()
                samples.append((time.perf_counter(), row[0] if row else 0))
                time.sleep(0.01)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield samples
        time.sleep(0.05)
    finally:
        ended.set()
        thread.join()


def _parts(samples: list[tuple[float, int]], events: int) -> list[float]:
    """Of each part of the events, the time from the last sample before it to that after it."""
    marks = [
        next(sample for sample in samples if sample[1] >= max(1, events * place // EVENT_PARTS))
        for place in range(EVENT_PARTS + 1)
    ]
    return [
        (after[1] - before[1]) / max(1e-9, after[0] - before[0])
        for before, after in itertools.pairwise(marks)
    ]
