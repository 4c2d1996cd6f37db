"""How late schedules fire, and what they cost that do not."""

from __future__ import annotations

import time

from bench.arena import Arena
from bench.figures import Table, median, percentile
from bench.processes import cpu_seconds
from bench.scale import Scale
from pgrota.server import Server

MANY, WAITING = 1_000, 10_000
SLOTS = 30
SECONDS = 60
WORKERS = 2
DEFINE = """
select count(rota.define_schedule('s' || i, %s, 'noop'))
from generate_series(1, %s) as i
"""
STAND_STILL = "update rota_core.schedule set next_at = 'infinity'"
# From the slot to the start of its run, in seconds.
LATE = """
select s.slot, extract(epoch from f.started_at - s.slot)::float8
from rota_core.slot as s
join rota_core.finished_run as f using (run_id)
where s.slot > (select min(slot) from rota_core.slot)
order by s.slot
"""


def measure(server: Server, scale: Scale) -> list[Table]:
    return [_lateness(server, scale), _dispatch(server, scale), _waiting(server, scale)]


def _lateness(server: Server, scale: Scale) -> Table:
    table = Table(
        "From a slot to the start of its run, in seconds",
        ["schedules due at once", "slots", "p50", "p99", "longest"],
        notes=[
            f"A supervisor and {WORKERS} workers beside it, default poll.",
            "Goals: p99 under 1.2 s for one, under 2 s for 1,000.",
        ],
    )
    many = scale.of(MANY)
    for schedules, cron, slots in (
        (1, "@every 2 seconds", scale.of(SLOTS, least=5)),
        (many, "@every 10 seconds", scale.rounds),
    ):
        scale.say(f"schedules: {slots} slots of {schedules:,}")
        with Arena(server) as arena:
            arena.run(DEFINE, cron, schedules)
            with arena.supervised(), arena.working(WORKERS):
                late = _wait_for(arena, schedules * slots, 60 + 10 * slots)
        delays = [seconds for _, seconds in late]
        table.add(schedules, slots, percentile(delays, 0.5), percentile(delays, 0.99), max(delays))
    return table


def _wait_for(arena: Arena, count: int, timeout: float) -> list[tuple]:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        late = arena.run(LATE)
        if len(late) >= count:
            return late[:count]
        time.sleep(0.5)
    raise TimeoutError(f"of {count} slots some never ran")


def _dispatch(server: Server, scale: Scale) -> Table:
    many = scale.of(MANY)
    table = Table(
        f"One call of fire_due for {many:,} schedules due at once, in milliseconds",
        ["schedules", "median", "fastest", "slowest", "a look at nothing due"],
        notes=[f"{max(5, scale.rounds)} calls, each rolled back."],
    )
    kinds = (
        ("one expression", "'0 3 * * *'", "'UTC'"),
        ("60 expressions", "i % 60 || ' * * * *'", "'UTC'"),
        (f"{many:,} expressions", "i % 60 || ' ' || i / 60 || ' * * *'", "'UTC'"),
        (
            f"{many:,} expressions, Europe/Berlin",
            "i % 60 || ' ' || i / 60 || ' * * *'",
            "'Europe/Berlin'",
        ),
    )
    for name, cron, zone in kinds:
        scale.say(f"schedules: firing {many:,}, {name}")
        with Arena(server) as arena:
            arena.run(
                f"select count(rota.define_schedule('s' || i, {cron}, 'noop', timezone => {zone}))"
                f" from generate_series(1, {many}) as i"
            )
            arena.run("analyze rota_core.schedule")
            taken = [_fire(arena) for _ in range(max(5, scale.rounds))]
            arena.run(STAND_STILL)
            look = median([_timed(arena, "select rota_core.fire_due()") for _ in range(200)])
        table.add(name, median(taken), min(taken), max(taken), look)
    return table


def _fire(arena: Arena) -> float:
    arena.run("begin")
    arena.run("update rota_core.schedule set next_at = now() - interval '1 s'")
    taken = _timed(arena, "select rota_core.fire_due()")
    arena.run("rollback")
    return taken


def _timed(arena: Arena, statement: str) -> float:
    started = time.perf_counter()
    arena.run(statement)
    return 1000 * (time.perf_counter() - started)


def _waiting(server: Server, scale: Scale) -> Table:
    length, many = scale.seconds(SECONDS), scale.of(WAITING)
    table = Table(
        f"Share of a core that the supervisor takes, over {length:g} s",
        ["schedules, none of them due", "percent"],
        notes=["Goal: under 2 % with 10,000."],
    )
    for schedules in (0, many):
        scale.say(f"schedules: {schedules:,} waiting for {length:g} s")
        with Arena(server) as arena:
            if schedules:
                arena.run(DEFINE, "0 0 1 1 *", schedules)
            with arena.supervised() as supervisor:
                time.sleep(2)
                before, started = cpu_seconds(supervisor.pid), time.perf_counter()
                time.sleep(length)
                used = cpu_seconds(supervisor.pid) - before
                table.add(schedules, 100 * used / (time.perf_counter() - started))
    return table
