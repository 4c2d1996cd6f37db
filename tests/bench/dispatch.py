"""Events per second from the log through a handler, by one worker, beside other queues."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable

from bench import peers, readers
from bench.arena import TEMPLATE, Arena
from bench.figures import Table, median
from bench.peers import pgq
from bench.processes import session_seconds
from bench.readers import CAPTURED, EMITTED, Read
from bench.scale import Scale
from pgrota.server import Server

EVENTS = 100_000
HANDLERS = ("each-noop", "each-sink", "all-noop", "all-sink")
SOURCES = {"emitted": (EMITTED, readers.emit), "captured": (CAPTURED, readers.capture)}
PLAIN = "one plain INSERT ... SELECT"
# The rows that a log of one row per event would have.
ROWS = """
create table bench.rows_{name} with (autovacuum_enabled = off) as
select event_id, at, topic, type, coalesce(payload, record) as record
from rota.events where topic = %s
"""
COPY = "insert into bench.copy select * from bench.rows_{name}"
Rates = dict[tuple[str, str], list[Read]]


def measure(
    server: Server, scale: Scale, template: str = TEMPLATE, with_peers: bool = True
) -> list[Table]:
    rates: Rates = defaultdict(list)
    events = scale.of(EVENTS)
    found = peers.ready(scale.say) if with_peers else []
    with Arena(server, template) as arena:
        readers.prepare(arena)
        with_pgq = with_peers and pgq.is_there(server, scale.say)
        for name, (topic, load) in SOURCES.items():
            load(arena, events)
            arena.run(ROWS.format(name=name), topic)
        arena.run(f"create table bench.copy (like bench.rows_{next(iter(SOURCES))})")
        queued = _load_pgq(arena, events) if with_pgq else 0
        readers.settle(arena)
        for lap in range(scale.rounds):
            scale.say(f"dispatch: round {lap + 1} of {scale.rounds}")
            for who, source, read in _ways(arena, events, queued):
                rates[who, source].append(read())
            for peer in found:
                jobs = scale.of(peer.runs)
                drained = peers.drain(peer, server, jobs, workers=1)
                once = Read(drained.seconds / jobs, drained.cpu_seconds / jobs, 0, 0)
                rates[peer.name, "queued"].append(once)
    return [_figures(rates, scale, events), *_goals(rates, found)]


def _ways(arena: Arena, events: int, queued: int) -> list[tuple[str, str, Callable[[], Read]]]:
    ways: list[tuple[str, str, Callable[[], Read]]] = []
    for source, (topic, _) in SOURCES.items():
        ways.append((PLAIN, source, lambda source=source: _plain(arena, source, events)))
        for task in HANDLERS:
            ways.append(
                (
                    f"rota, {task}",
                    source,
                    lambda topic=topic, task=task: _rota(arena, topic, task, events),
                )
            )
    if queued:
        for how in pgq.READ:
            ways.append((f"{pgq.NAME}, {how}", "emitted", lambda how=how: _pgq(arena, how, queued)))
    return ways


def _rota(arena: Arena, topic: str, task: str, events: int) -> Read:
    with readers.subscribed(arena, topic, task):
        return readers.drain(arena, events)


def _plain(arena: Arena, source: str, events: int) -> Read:
    arena.run("truncate bench.copy")
    arena.run("checkpoint")
    return _timed(arena, COPY.format(name=source), events)


def _load_pgq(arena: Arena, events: int) -> int:
    pgq.set_up(arena)
    queued = pgq.load(arena, events, readers.PAYLOAD)
    arena.run("analyze")
    return queued


def _pgq(arena: Arena, how: str, events: int) -> Read:
    call = pgq.reading(arena, how, "bench.each_noop", "bench.all_noop")
    pgq.rewind(arena)
    arena.run("checkpoint")
    return _timed(arena, call, events)


def _timed(arena: Arena, statement: str, events: int) -> Read:
    """A statement that handles so many events, and may say how many."""
    pid = arena.control.info.backend_pid
    written, used, started = arena.wal(), session_seconds(pid), time.perf_counter()
    done = arena.value(statement)
    seconds, used = time.perf_counter() - started, session_seconds(pid) - used
    if done not in (None, events):
        raise RuntimeError(f"{done} events of {events}: {statement}")
    return Read(seconds / events, used / events, (arena.wal() - written) / events, 0)


def _figures(rates: Rates, scale: Scale, events: int) -> Table:
    table = Table(
        "Events per second through a handler, one worker",
        [
            "who", "events", "events/s", "slowest", "fastest", "of plain", "CPU µs/event",
            "CPU: plain : it", "WAL B/event", "dead/1,000",
        ],
        notes=[
            f"Medians of {scale.rounds} interleaved rounds of {events:,} events; ratios are medians"
            " of the rounds' ratios.",
            "each: f(event jsonb), all: f(events jsonb) with 500 of them. noop does nothing, sink"
            " inserts the event's id, topic and record into a table.",
            "Plain: copies rows of event_id, at, topic, type, record to a table without an index.",
            "CPU: of the worker's session; of a peer outside, its process and its sessions.",
            "dead: updates and deletions of rows in rota's tables for 1,000 events.",
        ],
    )  # fmt: skip
    for (who, source), found in sorted(rates.items(), key=lambda item: item[0][1]):
        base = rates.get((PLAIN, source), rates[PLAIN, "emitted"])
        pairs = list(zip(base, found, strict=True))
        speeds = [read.rate for read in found]
        ours = who.startswith("rota")
        table.add(
            who, source, median(speeds), min(speeds), max(speeds),
            median([its.rate / plain.rate for plain, its in pairs]),
            1e6 * median([read.cpu for read in found]),
            median([plain.cpu / its.cpu for plain, its in pairs]),
            median([read.wal for read in found]) if source != "queued" else None,
            1000 * median([read.dead for read in found]) if ours else None,
        )  # fmt: skip
    return table


def _goals(rates: Rates, found: list[peers.Peer]) -> list[Table]:
    table = Table("Goals of dispatch", ["what", "events", "found", "goal", "met"])
    for source, (task, goal) in itertools.product(SOURCES, (("each", 0.2), ("all", 0.5))):
        ratio = _ratio(rates[f"rota, {task}-noop", source], rates[PLAIN, source])
        table.add(f"{task}-noop : one plain statement", source, *_judged(ratio, goal))
    block = f"{pgq.NAME}, block per event"
    for who, kind, goal in (
        (block, "emitted", 3), *((peer.name, "queued", 10) for peer in found)
    ):  # fmt: skip
        if (who, kind) in rates:
            ratio = _ratio(rates["rota, each-noop", "emitted"], rates[who, kind])
            table.add(f"each-noop : {who}", "emitted", *_judged(ratio, goal))
    for task, source in itertools.product(("each-noop", "all-noop"), SOURCES):
        written = median([read.wal for read in rates[f"rota, {task}", source]])
        table.add(f"{task}, WAL in bytes, at most", source, written, 80, _word(written <= 80))
    return [table]


def _ratio(ours: list[Read], others: list[Read]) -> float:
    return median([our.rate / its.rate for our, its in zip(ours, others, strict=True)])


def _judged(ratio: float, goal: float) -> tuple[float, float, str]:
    return ratio, goal, _word(ratio >= goal)


def _word(met: bool) -> str:
    return "yes" if met else "no"
