"""Does it slow down as it fills: with a million finished runs, and with 100,000 queued."""

from __future__ import annotations

from contextlib import ExitStack

from bench.arena import Arena
from bench.figures import Table, median
from bench.scale import Scale
from pgrota.server import Server

RUNS = 20_000
QUEUED = 100_000
FINISHED = 1_000_000
# Of the week so far, hence all in the partition that workers write to.
FILL = """
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, worker_id, started_at,
  finished_at, created_at, created_by, tags
)
select
  -i, 'noop', 'default', 'succeeded', 0, t.at, '{}', 1, 0, 1, t.at, t.at, t.at, 'postgres', '{}'
from generate_series(1, %s) as i
cross join lateral (
  select now() - i * (now() - date_trunc('week', now(), 'UTC')) / %s as at
) as t
"""


def measure(server: Server, scale: Scale) -> list[Table]:
    usual, many, finished = scale.of(RUNS), scale.of(QUEUED), scale.of(FINISHED)
    seconds: dict[str, list[float]] = {"usual": [], "finished": [], "queued": []}
    with ExitStack() as stack:
        empty = stack.enter_context(Arena(server))
        full = stack.enter_context(Arena(server))
        scale.say(f"history: writing {finished:,} finished runs")
        full.run(FILL, finished, finished)
        full.run("vacuum analyze rota_core.finished_run")
        for lap in range(scale.rounds):
            scale.say(f"history: round {lap + 1} of {scale.rounds}")
            seconds["usual"].append(_seconds(empty, usual))
            seconds["finished"].append(_seconds(full, usual))
            seconds["queued"].append(_seconds(empty, many))
    return [_figures(seconds, {"usual": usual, "finished": usual, "queued": many}, finished)]


def _seconds(arena: Arena, runs: int) -> float:
    arena.load(runs)
    arena.settle()
    return arena.drain().seconds


def _figures(seconds: dict[str, list[float]], runs: dict[str, int], finished: int) -> Table:
    table = Table(
        "One worker as tables fill",
        ["what", "queued", "runs/s", "slowest", "fastest", "of the usual"],
        notes=["Goal: within 10 % of the usual with a million finished runs."],
    )
    names = {
        "usual": "usual",
        "finished": f"{finished:,} finished runs in history",
        "queued": "a long queue",
    }
    usual = [runs["usual"] / each for each in seconds["usual"]]
    for key, name in names.items():
        rates = [runs[key] / each for each in seconds[key]]
        ratio = median([rate / base for rate, base in zip(rates, usual, strict=True)])
        table.add(name, runs[key], median(rates), min(rates), max(rates), ratio)
    return table
