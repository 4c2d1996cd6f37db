"""What capturing the changes of a table costs those who write to it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench import watched
from bench.arena import TEMPLATE, Arena
from bench.figures import Table, median
from bench.processes import ended_seconds, session_seconds
from bench.scale import Scale
from bench.watched import NOTHING, Way
from pgrota.server import Server

ROWS = 100_000
CLIENTS = 8
TRANSACTIONS = 2_000
GOALS = {"INSERT": 1.4, "UPDATE": 1.8}
SINGLE_GOALS = {"INSERT": 1.25, "UPDATE": 1.5}
STATEMENTS = {"INSERT": watched.INSERT, "UPDATE": watched.UPDATE}
SCRIPTS = {"INSERT": watched.ONE_INSERT, "UPDATE": watched.ONE_UPDATE}
RATE = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
DONE = re.compile(r"transactions actually processed: ([0-9]+)")


class Cost(NamedTuple):
    """What one row cost, or one transaction."""

    seconds: float
    cpu: float
    wal: float


Costs = dict[tuple[str, ...], list[Cost]]


def measure(
    server: Server, scale: Scale, template: str = TEMPLATE, with_peers: bool = True
) -> list[Table]:
    bulk: Costs = defaultdict(list)
    single: Costs = defaultdict(list)
    with Arena(server, template) as arena:
        ways = watched.prepare(arena, with_peers, scale.say)
        many = [way for way in ways if way.bulk]
        for lap in range(scale.rounds):
            scale.say(f"capture: round {lap + 1} of {scale.rounds}, many rows")
            for way in _turned(many, lap):
                for operation in STATEMENTS:
                    bulk[way.title, operation].append(_many(arena, way, operation, scale))
        figures = [_bulk_figures(bulk, many, scale)]
        if not Path(server.binaries.program("pgbench")).exists():
            scale.say("pgbench is not here: writes of single rows are left out")
            return figures
        for lap in range(scale.rounds):
            for synchronous in ("on", "off"):
                scale.say(
                    f"capture: round {lap + 1} of {scale.rounds}, single rows,"
                    f" synchronous_commit {synchronous}"
                )
                for operation in SCRIPTS:
                    for way in _turned(ways, lap):
                        cost = _single(arena, way, operation, synchronous, scale)
                        single[way.title, operation, synchronous].append(cost)
        return [*figures, _single_figures(single, ways)]


def _turned(ways: Sequence[Way], lap: int) -> list[Way]:
    """Each round begins with another."""
    place = lap % len(ways)
    return [*ways[place:], *ways[:place]]


def _many(arena: Arena, way: Way, operation: str, scale: Scale) -> Cost:
    """One statement that writes many rows."""
    rows = scale.of(ROWS)
    if operation == "INSERT":
        watched.clear(arena, way)
    else:
        watched.fill(arena, way, rows)
    arena.run("checkpoint")
    pid = arena.control.info.backend_pid
    parameters = [rows] if operation == "INSERT" else []
    statement = STATEMENTS[operation].format(name=way.name)
    written, used, started = arena.wal(), session_seconds(pid), time.perf_counter()
    arena.run(statement, *parameters)
    seconds, used = time.perf_counter() - started, session_seconds(pid) - used
    wal = arena.wal() - written
    watched.check(arena, way, rows)
    return Cost(seconds / rows, used / rows, wal / rows)


def _single(arena: Arena, way: Way, operation: str, synchronous: str, scale: Scale) -> Cost:
    """One row a transaction, by many clients: seconds are those of the server for each."""
    rows, transactions = scale.of(ROWS), scale.of(TRANSACTIONS, least=10)
    if operation == "INSERT":
        watched.clear(arena, way)
    else:
        watched.fill(arena, way, rows)
    arena.run("checkpoint")
    server = arena.server
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPTS[operation].format(name=way.name, rows=rows))
        script.flush()
        written, used = arena.wal(), ended_seconds(server.pid or 0)
        answer = subprocess.run(
            [
                server.binaries.program("pgbench"), "--no-vacuum", "--protocol=prepared",
                f"--client={CLIENTS}", "--jobs=2", f"--transactions={transactions}",
                f"--file={script.name}", server.url(arena.name),
            ],
            env={**os.environ, "PGOPTIONS": f"-c synchronous_commit={synchronous}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if answer.returncode != 0:
        raise RuntimeError(f"pgbench: {answer.stderr}")
    # A session is waited for a moment after it has answered.
    time.sleep(0.2)
    done = int(DONE.search(answer.stdout)[1])
    watched.check(arena, way, done)
    used = ended_seconds(server.pid or 0) - used
    return Cost(
        1 / float(RATE.search(answer.stdout)[1]), used / done, (arena.wal() - written) / done
    )


def _bulk_figures(costs: Costs, ways: Sequence[Way], scale: Scale) -> Table:
    rows = scale.of(ROWS)
    table = Table(
        f"One statement that writes {rows:,} rows of a captured table",
        [
            "operation",
            "capture",
            "µs/row",
            "times none",
            "CPU µs/row",
            "CPU times none",
            "WAL B/row",
        ],
        notes=[
            f"Medians of {scale.rounds} interleaved rounds; ratios are medians of the rounds'.",
            "Table: a primary key, two indexes, a foreign key. The row trigger writes to a table"
            " with a primary key and an index on xid.",
            f"Goals: at most {GOALS['INSERT']} for INSERT, {GOALS['UPDATE']} for UPDATE.",
        ],
    )
    for operation in STATEMENTS:
        for way in ways:
            found, base = costs[way.title, operation], costs[NOTHING.title, operation]
            table.add(operation, way.title, *_medians(found, base))
    return table


def _single_figures(costs: Costs, ways: Sequence[Way]) -> Table:
    table = Table(
        f"Transactions that write one row of a captured table, {CLIENTS} clients",
        [
            "synchronous_commit", "operation", "capture", "tx/s", "µs/tx", "times none",
            "CPU µs/tx", "CPU times none", "WAL B/tx",
        ],
        notes=[
            "pgbench, prepared statements. µs/tx: the time of the whole server for one; CPU: of the"
            " sessions, its connecting included.",
            f"Goals: at most {SINGLE_GOALS['INSERT']} for INSERT, {SINGLE_GOALS['UPDATE']} for"
            " UPDATE, synchronous_commit on.",
        ],
    )  # fmt: skip
    for synchronous in ("on", "off"):
        for operation in SCRIPTS:
            for way in ways:
                found = costs[way.title, operation, synchronous]
                base = costs[NOTHING.title, operation, synchronous]
                rate = median([1 / cost.seconds for cost in found])
                table.add(synchronous, operation, way.title, rate, *_medians(found, base))
    return table


def _medians(found: Sequence[Cost], base: Sequence[Cost]) -> list[float]:
    pairs = list(zip(found, base, strict=True))
    return [
        1e6 * median([cost.seconds for cost in found]),
        median([its.seconds / none.seconds for its, none in pairs]),
        1e6 * median([cost.cpu for cost in found]),
        median([its.cpu / none.cpu for its, none in pairs]),
        median([cost.wal for cost in found]),
    ]
