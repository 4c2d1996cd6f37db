"""How long from the commit of a start, or of an event, to its handler: a worker that has nothing
else to do."""

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


SEE = """
create table bench.seen (event_id bigint, at float8);
grant insert on bench.seen to public;
create function bench.see(event jsonb) returns void language plpgsql as $$
begin
  insert into bench.seen
  values ((event ->> 'event_id')::bigint, extract(epoch from clock_timestamp()));
end $$;
select rota.define_task('see', 'bench.see');
select rota.subscribe('seer', 'bench.emitted', 'see');
"""


def measure(server: Server, scale: Scale) -> list[Table]:
    return [_starts(server, scale), _events(server, scale)]


def _starts(server: Server, scale: Scale) -> Table:
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
    return table


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


def _events(server: Server, scale: Scale) -> Table:
    table = Table(
        "From the commit of rota.emit to the handler, in milliseconds",
        ["events", "how many", "p50", "p99", "longest"],
        notes=["One worker with the default poll, which has nothing else to do."],
    )
    chance = random.Random(1)
    with Arena(server) as arena, arena.supervised():
        arena.run(SEE)
        with arena.working():
            for name, count, gap in (
                ("1.2 to 2.2 s apart", scale.of(IDLE, least=5), lambda: chance.uniform(1.2, 2.2)),
                ("at random, 10 a second", scale.of(BUSY, least=5), lambda: chance.expovariate(10)),
            ):
                scale.say(f"latency: {count} events {name}")
                emitted = {}
                for _ in range(count):
                    time.sleep(gap())
                    number = arena.value("select rota.emit(%s, 'noop', '{}')", "bench.emitted")
                    emitted[number] = time.time()
                late = _event_delays(arena, emitted)
                table.add(name, count, percentile(late, 0.5), percentile(late, 0.99), max(late))
    return table


def _event_delays(arena: Arena, emitted: dict[int, float]) -> list[float]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        seen = dict(arena.run("select event_id, at from bench.seen"))
        if emitted.keys() <= seen.keys():
            # The handler may be faster than the answer to the client.
            return [max(0.0, 1000 * (seen[number] - at)) for number, at in emitted.items()]
        time.sleep(0.1)
    raise TimeoutError("not all events were handled")
