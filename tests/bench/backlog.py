"""What becomes of the rate of delivery in a long backlog, with many subscriptions, in shards."""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict

from bench import readers
from bench.arena import TEMPLATE, Arena
from bench.figures import Table, median
from bench.readers import CAPTURED, EMITTED, Read
from bench.scale import Scale
from pgrota.server import Server

SHORT, LONG, LONGEST = 10_000, 1_000_000, 10_000_000
TASKS = ("each-noop", "all-noop")
MANY = 20_000
SUBSCRIPTIONS = (1, 10, 100)
SHARDED = 200_000
SIZE = """
select sum(pg_total_relation_size(i.relid))::float8
from pg_partition_tree('rota_core.event') as i
"""


def measure(server: Server, scale: Scale, template: str = TEMPLATE) -> list[Table]:
    return [
        _backlogs(server, scale, template),
        _subscriptions(server, scale, template),
        _shards(server, scale, template),
    ]


# how long the backlog is


def _backlogs(server: Server, scale: Scale, template: str) -> Table:
    table = Table(
        "A backlog of so many events, one worker",
        [
            "events", "captured", "task", "events/s", "of the short one", "CPU µs/event",
            "WAL B/event", "dead/1,000", "log B/event",
        ],
        notes=[
            "all-noop takes 500 at a time. The short one: the rate with the fewest events.",
            "log: the table with its indexes, for each event. --all adds 10 million.",
            "Goal: the same rate per event, however many wait.",
        ],
    )  # fmt: skip
    rates: dict[tuple[str, str], float] = {}
    for events in scale.lengths(SHORT, LONG, LONGEST):
        for source, load, topic in (
            ("one by one", readers.emit, EMITTED), ("in bulk", readers.capture, CAPTURED),
        ):  # fmt: skip
            if events > LONG and source == "one by one":
                continue
            scale.say(f"backlog: writing {events:,} events {source}")
            with Arena(server, template) as arena:
                readers.prepare(arena)
                load(arena, events)
                readers.settle(arena)
                size = arena.value(SIZE) / events
                for task in TASKS:
                    scale.say(f"backlog: {events:,} events {source}, {task}")
                    read = _median(arena, topic, task, events, scale)
                    first = rates.setdefault((source, task), read.rate)
                    table.add(
                        events, source, task, read.rate, read.rate / first, 1e6 * read.cpu,
                        read.wal, 1000 * read.dead, size,
                    )  # fmt: skip
    return table


def _median(arena: Arena, topic: str, task: str, events: int, scale: Scale) -> Read:
    """Of several rounds where these are short."""
    found = []
    for _ in range(scale.rounds if events < LONG else 1):
        with readers.subscribed(arena, topic, task):
            found.append(readers.drain(arena, events))
    return Read(*[median(figures) for figures in zip(*found, strict=True)])


# how many read it


def _subscriptions(server: Server, scale: Scale, template: str) -> Table:
    events = scale.of(MANY)
    table = Table(
        f"{events:,} events to each of so many subscriptions, one worker",
        ["subscriptions", "topics", "deliveries/s", "of one", "CPU µs/delivery", "dead/1,000"],
        notes=[
            "all-noop. One topic: all read all of it. One each: the events are spread over them.",
        ],
    )
    with Arena(server, template) as arena:
        readers.prepare(arena)
        for topics in ("one", "one each"):
            rates: list[float] = []
            for count in [count for count in SUBSCRIPTIONS if count * 20 <= events]:
                scale.say(f"backlog: {count} subscriptions, topics: {topics}")
                found = [_many(arena, topics, count, events) for _ in range(scale.rounds)]
                read = Read(*[median(figures) for figures in zip(*found, strict=True)])
                rates.append(read.rate)
                ratio = read.rate / rates[0]
                table.add(count, topics, read.rate, ratio, 1e6 * read.cpu, 1000 * read.dead)
    return table


def _many(arena: Arena, topics: str, count: int, events: int) -> Read:
    readers.forget(arena)
    names = [f"reader{place}" for place in range(count)]
    if topics == "one":
        readers.emit(arena, events)
        readers.settle(arena)
        with readers.subscribed(arena, EMITTED, "all-noop", names):
            return readers.drain(arena, events * count)
    each = events // count
    for name in names:
        arena.run(readers.EMIT, f"bench.{name}", readers.PAYLOAD, each)
    readers.settle(arena)
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(readers.subscribed(arena, f"bench.{name}", "all-noop", [name]))
        return readers.drain(arena, each * count)


# by how many workers


def _shards(server: Server, scale: Scale, template: str) -> Table:
    events = scale.of(SHARDED)
    table = Table(
        f"{events:,} events of one subscription, a worker for each shard",
        ["shards", "task", "events/s", "of one", "CPU µs/event", "dead/1,000"],
        notes=["Captured in bulk. Two cores, which writers and others share, bound what is won."],
    )
    found: dict[tuple[str, int], list[Read]] = defaultdict(list)
    counts = (1, 2, 4)
    tasks = ("all-noop", "each-sink")
    with Arena(server, template) as arena:
        readers.prepare(arena)
        readers.capture(arena, events)
        readers.settle(arena)
        for lap, task, shards in itertools.product(range(scale.rounds), tasks, counts):
            scale.say(f"backlog: round {lap + 1} of {scale.rounds}, {shards} shards, {task}")
            with readers.subscribed(arena, CAPTURED, task, shards=shards):
                found[task, shards].append(readers.drain(arena, events, workers=shards))
    for (task, shards), reads in found.items():
        rate = median([read.rate for read in reads])
        ratio = rate / median([read.rate for read in found[task, 1]])
        cpu, dead = (median([getattr(read, name) for read in reads]) for name in ("cpu", "dead"))
        table.add(shards, task, rate, ratio, 1e6 * cpu, 1000 * dead)
    return table
