"""Steps per second of pipelines, against the same handlers started as runs by themselves."""

from __future__ import annotations

from collections import defaultdict

from bench import pgflow
from bench.arena import Arena, Drained, Rate
from bench.figures import Table, median
from bench.scale import Scale
from pgrota.server import Server

TEN = {
    "a": [], "b": ["a"], "c": ["a"], "d": ["a"], "e": ["b", "c"], "f": ["d"], "g": ["e", "f"],
    "h": ["g"], "i": ["g"], "j": ["h", "i"],
}  # fmt: skip
STEPS = ", ".join(
    "rota.step('{}', 'noop', '{{{}}}')".format(step, ",".join(after)) for step, after in TEN.items()
)
PIPELINES = f"""
select rota.define_pipeline('ten', array[{STEPS}]);
select rota.define_pipeline('chain', array(
  select rota.step('s' || i, 'noop', case when i = 1 then '{{}}' else array['s' || i - 1] end)
  from generate_series(1, 100) as i));
select rota.define_pipeline('map', array[rota.step('each', 'noop', for_each => 'run.list')]);
select rota.define_pipeline('narrow',
  array[rota.step('each', 'noop', for_each => 'run.list', max_parallel => 4)]);
"""
# So many runs, each of so many steps.
SHAPES = {
    "ten": (1_000, 10), "map": (1, 10_000), "narrow": (1, 1_000), "chain": (1, 100),
    "chains": (100, 100),
}  # fmt: skip
FINISHED = 100_000
# Runs of ten steps that ended this week, with all that is kept of them.
FILL = """
insert into rota_core.pipeline_run (run_id, pipeline, version, began_at, finished_at)
select -i, 'ten', 1, now() - interval '1 h', now() - interval '1 h'
from generate_series(1, %(runs)s) as i;
insert into rota_core.run_step (
  run_id, step, state, remaining, step_run_id, started_at, finished_at
)
select p.run_id, d.step, 'succeeded', 0, p.run_id * 100 - d.ordinal, p.began_at, p.finished_at
from rota_core.pipeline_run as p join rota_core.pipeline_step as d on d.pipeline = 'ten'
where p.run_id < 0;
insert into rota_core.step_output (run_id, step, output, bytes)
select s.run_id, s.step, '{"a": 1}', 10 from rota_core.run_step as s where s.run_id < 0;
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, worker_id, started_at,
  finished_at, created_at, created_by, tags, parent_run_id, step
)
select
  s.step_run_id, 'noop', 'default', 'succeeded', 0, s.started_at, '{}', 1, 0, 1, s.started_at,
  s.finished_at, s.started_at, 'postgres', '{}', s.run_id, s.step
from rota_core.run_step as s where s.run_id < 0
"""


def measure(server: Server, scale: Scale, with_peers: bool = True) -> list[Table]:
    rates: dict[tuple[str, int, str], list[Rate]] = defaultdict(list)
    grown: dict[str, list[Rate]] = defaultdict(list)
    finished = scale.of(FINISHED)
    with Arena(server) as arena, Arena(server) as full:
        for each in (arena, full):
            each.run(PIPELINES)
        scale.say(f"pipelines: writing {10 * finished:,} finished steps")
        for statement in FILL.split(";\n"):
            full.control.execute(statement, {"runs": finished} if "%(" in statement else None)
        full.run("vacuum analyze")
        for lap in range(scale.rounds):
            for workers in scale.workers:
                scale.say(f"pipelines: round {lap + 1} of {scale.rounds}, workers: {workers}")
                for shape in SHAPES:
                    steps, drained = _pipelines(arena, scale, shape, workers)
                    rates[shape, workers, "steps"].append(Rate.of(steps, drained))
                    rates[shape, workers, "runs"].append(_singles(arena, steps, workers))
            for name, place in (("empty", arena), (f"{10 * finished:,} finished steps", full)):
                steps, drained = _pipelines(place, scale, "ten", 1)
                grown[name].append(Rate.of(steps, drained))
    tables = [_overhead(rates, scale), _growth(grown)]
    return [*tables, *_beside(server, scale, rates)] if with_peers else tables


def _pipelines(arena: Arena, scale: Scale, shape: str, workers: int) -> tuple[int, Drained]:
    runs, each = SHAPES[shape]
    if shape in ("map", "narrow"):
        each = scale.of(each)
        given = (
            f"jsonb_build_object('list', (select jsonb_agg(i) from generate_series(1, {each}) i))"
        )
    else:
        runs = runs if runs == 1 else scale.of(runs, least=10)
        given = "'{}'::jsonb"
    name = shape.removesuffix("s") if shape == "chains" else shape
    before = arena.value("select count(*) from rota_core.pipeline_run")
    arena.run(
        f"select count(*) from rota.start_many('{name}',"
        f" array(select {given} from generate_series(1, {runs})))"
    )
    arena.settle()
    drained = arena.drain(workers)
    done = arena.value(
        "select count(*) from rota.runs where task = %s and state = 'succeeded'", name
    )
    if done < runs or arena.value("select count(*) from rota_core.pipeline_run") != before + runs:
        raise RuntimeError(f"of {runs} runs of {name} not all succeeded")
    return runs * each, drained


def _singles(arena: Arena, runs: int, workers: int) -> Rate:
    arena.load(runs)
    arena.settle()
    return Rate.of(runs, arena.drain(workers))


def _overhead(rates: dict[tuple[str, int, str], list[Rate]], scale: Scale) -> Table:
    table = Table(
        "Steps per second of a task that does nothing",
        ["shape", "workers", "steps/s", "runs/s", "x time", "CPU µs/step", "CPU µs/run", "x CPU"],
        notes=[
            "ten: 1,000 runs of 10 steps; map: one of 10,000 elements; narrow: one of 1,000, four"
            " at once; chain: one of 100 steps, each after another; chains: 100 of those."
            " runs/s: as many runs of the task alone.",
            f"Medians of {scale.rounds} interleaved rounds. Goal: less than 2 x.",
        ],
    )
    for shape in SHAPES:
        for workers in scale.workers:
            steps, runs = rates[shape, workers, "steps"], rates[shape, workers, "runs"]
            pairs = list(zip(steps, runs, strict=True))
            table.add(
                shape, workers, median([rate.per_second for rate in steps]),
                median([rate.per_second for rate in runs]),
                median([run.per_second / step.per_second for step, run in pairs]),
                median([rate.cpu_microseconds for rate in steps]),
                median([rate.cpu_microseconds for rate in runs]),
                median([step.cpu_microseconds / run.cpu_microseconds for step, run in pairs]),
            )  # fmt: skip
    return table


def _beside(
    server: Server, scale: Scale, rates: dict[tuple[str, int, str], list[Rate]]
) -> list[Table]:
    table = Table("Beside pgflow: runs of 10 steps", ["who", "runs", "steps/s", "CPU µs/step"])
    runs = scale.of(SHAPES["ten"][0])
    table.notes.append(pgflow.DOES)
    ours = rates["ten", 1, "steps"]
    table.add(
        "rota, one worker", runs, median([rate.per_second for rate in ours]),
        median([rate.cpu_microseconds for rate in ours]),
    )  # fmt: skip
    for size in (runs // 10, runs):
        theirs = pgflow.rate(server, TEN, size, scale.say)
        if theirs is None:
            return []
        table.add("pgflow, one session", size, *theirs)
    return [table]


def _growth(grown: dict[str, list[Rate]]) -> Table:
    table = Table(
        "As history grows, one worker, runs of 10 steps", ["with", "steps/s", "CPU µs/step"]
    )
    for name, rates in grown.items():
        table.add(
            name, median([rate.per_second for rate in rates]),
            median([rate.cpu_microseconds for rate in rates]),
        )  # fmt: skip
    return table
