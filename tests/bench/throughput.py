"""Runs per second of a task that does nothing, with full history, beside other queues."""

from __future__ import annotations

import time
from collections import defaultdict

from bench import peers
from bench.arena import TEMPLATE, Arena, Drained, Rate
from bench.figures import Table, median
from bench.processes import cpu_seconds
from bench.scale import Scale
from pgrota.server import Server

GOAL = 20_000
RUNS = 50_000
HANDS = {
    "rota": (
        "handler in the database; exactly once; retries; every run kept with input, output, times",
        "none: claim, handler and outcome stay in the server; 2 commits a batch of up to 500",
    ),
    "one plain statement": (
        "no queue at all: insert ... select of the same rows into a table without an index",
        "one in all",
    ),
}


def measure(
    server: Server, scale: Scale, template: str = TEMPLATE, with_peers: bool = True
) -> list[Table]:
    rates: dict[tuple[str, int], list[Rate]] = defaultdict(list)
    found = peers.ready(scale.say) if with_peers else []
    with Arena(server, template) as arena:
        for lap in range(scale.rounds):
            for workers in scale.workers:
                scale.say(f"throughput: round {lap + 1} of {scale.rounds}, workers: {workers}")
                rates["rota", workers].append(rota(arena, scale.of(RUNS), workers))
                for peer in found:
                    runs = scale.of(peer.runs)
                    drained = peers.drain(peer, server, runs, workers)
                    rates[peer.name, workers].append(Rate.of(runs, drained))
            rates["one plain statement", 1].append(plain(arena, scale.of(RUNS)))
    return [_figures(rates, scale), _differences(found)]


def rota(arena: Arena, runs: int, workers: int) -> Rate:
    """Queue, settle, drain, and see that history has them all."""
    arena.clear()
    arena.load(runs)
    arena.settle()
    drained = arena.drain(workers)
    done = arena.value("select count(*) from rota_core.finished_run where state = 'succeeded'")
    if done != runs:
        raise RuntimeError(f"{runs} runs were started and {done} succeeded")
    return Rate.of(runs, drained)


def plain(arena: Arena, runs: int) -> Rate:
    """What one statement takes to copy the rows: no queue can reach that."""
    arena.clear()
    arena.load(runs)
    arena.settle()
    arena.run("create table bench.plain as select * from rota_core.run limit 0")
    backend = arena.control.info.backend_pid
    started, used = time.perf_counter(), cpu_seconds(backend)
    arena.run("insert into bench.plain select * from rota_core.run")
    drained = Drained(time.perf_counter() - started, cpu_seconds(backend) - used)
    arena.run("drop table bench.plain")
    return Rate.of(runs, drained)


def _figures(rates: dict[tuple[str, int], list[Rate]], scale: Scale) -> Table:
    table = Table(
        "Runs per second of a task that does nothing",
        ["who", "workers", "runs/s", "slowest", "fastest", "rota : it", "CPU µs/run"],
        notes=[
            f"Medians of {scale.rounds} interleaved rounds, {scale.of(RUNS):,} runs of rota each;"
            " ratios are medians of the rounds' ratios.",
            "CPU: of the workers and their sessions in the server. It tells more than the rate when"
            " the machine has other things to do.",
            f"Goal: {GOAL:,} runs/s on one worker, and ahead of every peer.",
        ],
    )
    for (name, workers), values in sorted(rates.items(), key=lambda item: item[0][1]):
        pairs = list(zip(rates["rota", workers], values, strict=True))
        ratio = median([ours.per_second / its.per_second for ours, its in pairs])
        speeds = [value.per_second for value in values]
        used = median([value.cpu_microseconds for value in values])
        ratio = None if name == "rota" else ratio
        table.add(name, workers, median(speeds), min(speeds), max(speeds), ratio, used)
    return table


def _differences(found: list[peers.Peer]) -> Table:
    table = Table("They do different work", ["who", "does", "round trips", "set up as"])
    table.add("rota", *HANDS["rota"], "call rota.work(...) once a worker, a supervisor beside them")
    for peer in found:
        table.add(peer.name, peer.does, peer.round_trips, peer.setup)
    table.add("one plain statement", *HANDS["one plain statement"], "")
    return table
