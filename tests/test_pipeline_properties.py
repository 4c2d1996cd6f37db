"""Random pipelines, while workers fail, die and are killed: each run ends, and ends right."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from harness import Clone
from support_crash import Crew, survives
from support_pipeline_random import (
    BY_HAND,
    HAND,
    TASKS,
    Pipeline,
    evaluate,
    random_pipeline,
)  # fmt: skip

WAITING = """
select distinct s.run_id, s.step, s.waits_for from rota.pipeline_steps as s
where s.state = 'waiting' and s.waits_for in ('go', 'hand')
"""
ENDED = """
select r.run_id from rota.runs as r
where r.run_id = any (%s) and r.state in ('failed', 'cancelled')
"""
LIVE = "select r.run_id, r.task, r.state, r.step from rota_core.run as r order by r.run_id"
# What must be empty when all runs have ended, and why.
VIOLATIONS = {
    "an effect without a success, or a success without its effect": """
        select f.run_id, f.task, f.state, count(e.run_id)
        from rota_core.finished_run as f left join app.effect as e on e.run_id = f.run_id
        where f.version is null
        group by f.run_id, f.task, f.state
        having count(e.run_id) <> (f.state = 'succeeded')::int""",
    "a step that succeeded twice": """
        select f.parent_run_id, f.step, f.element, f.key, count(*)
        from rota_core.finished_run as f
        where f.state = 'succeeded' and f.step is not null and not f.origin like 'compensation:%'
        group by 1, 2, 3, 4 having count(*) > 1""",
    "a step that began before what it comes after had ended": """
        select s.run_id, s.step, d.step, s.started_at, d.finished_at
        from rota.pipeline_steps as s
        join rota.pipeline_steps as d on d.run_id = s.run_id and d.step = any (s.after)
        where s.started_at is not null
          and (d.finished_at is null or s.started_at < d.finished_at)""",
    "a step that has not ended": """
        select s.run_id, s.step, s.state from rota.pipeline_steps as s
        where s.state not in ('succeeded', 'failed', 'skipped', 'cancelled')""",
    "a step that was not compensated, or without need": """
        select s.run_id, s.step, s.state, s.compensation
        from rota.pipeline_steps as s
        join rota_core.pipeline_run as p on p.run_id = s.run_id
        where (s.compensation is not distinct from 'succeeded') is distinct from
          (p.compensates and p.stopping is not null and s.compensate is not null
            and s.started_at is not null)""",
    "a compensation that is not after those of later steps": """
        select one.parent_run_id, one.step, other.step
        from rota_core.finished_run as one
        join rota_core.finished_run as other on other.parent_run_id = one.parent_run_id
        join rota_core.run_step as a on a.run_id = one.parent_run_id and a.step = one.step
          and one.key = 'compensate:' || rota_core.step_key(a.run_id, a.step, a.round, null)
        join rota_core.run_step as b on b.run_id = one.parent_run_id and b.step = other.step
          and other.key = 'compensate:' || rota_core.step_key(b.run_id, b.step, b.round, null)
        where a.finished_at < b.finished_at and one.started_at < other.finished_at""",
    "an output kept of elements that are gathered": """
        select e.run_id, e.step from rota_core.element_output as e
        join rota_core.run_step as s on s.run_id = e.run_id and s.step = e.step
        where s.state = 'succeeded'""",
}


class Trial:
    """So many random pipelines, started, disturbed and looked at in the end."""

    def __init__(self, app: Clone, seed: int, pipelines: int) -> None:
        self.app = app
        self.seed = seed
        self.draw = random.Random(seed)
        inner = [random_pipeline(self.draw, f"in{n}", []) for n in range(4)]
        self.made = inner + [
            random_pipeline(self.draw, f"p{n}", inner) for n in range(pipelines)
        ]  # fmt: skip
        self.library = {pipeline.name: pipeline for pipeline in self.made}
        self.runs: dict[int, Pipeline] = {}
        self.to_cancel: list[int] = []
        self.to_retry: list[int] = []
        self.may_be_cancelled: set[int] = set()
        self.skipped = 0
        self.retried = 0

    def define(self) -> None:
        with self.app.connect() as connection:
            for pipeline in self.made:
                steps = [Jsonb(step.document()) for step in pipeline.steps]
                connection.execute("select rota.define_pipeline(%s, %s)", [pipeline.name, steps])

    def start(self) -> None:
        for pipeline in self.made:
            run_id = self.app.value(
                "select s.run_id from rota.start(%s, %s) as s",
                pipeline.name, Jsonb(pipeline.document),
            )  # fmt: skip
            self.runs[run_id] = pipeline
        self.to_cancel = self.draw.sample(list(self.runs), len(self.runs) // 6)
        self.to_retry = self.draw.sample(list(self.runs), len(self.runs) // 2)
        self.may_be_cancelled = set(self.to_cancel)

    def act(self) -> None:
        """As long as anything is live: signals and skips to all that wait, inner runs too, cancels
        to some, and retries of some that failed or were cancelled."""
        deadline = time.monotonic() + 90
        is_over = False
        while not is_over:
            assert time.monotonic() < deadline, f"seed {self.seed}: {self.stuck()}"
            with suppress(psycopg.OperationalError), self.app.connect() as connection:
                self._cancel(connection)
                self._go_on(connection)
                is_live = connection.execute("select 1 from rota_core.run limit 1").fetchone()
                is_over = not self._retry(connection) and is_live is None
            time.sleep(0.03)

    def _cancel(self, connection: psycopg.Connection[Any]) -> None:
        if self.to_cancel and self.draw.random() < 0.15:
            connection.execute("select rota.cancel(%s)", [self.to_cancel[-1]])
            self.to_cancel.pop()

    def _go_on(self, connection: psycopg.Connection[Any]) -> None:
        for run_id, step, signal_name in connection.execute(WAITING).fetchall():
            # It may have ended meanwhile, or the server.
            with suppress(psycopg.DatabaseError):
                if signal_name == HAND:
                    skip = "select rota.skip_step(%s, %s, %s)"
                    connection.execute(skip, [run_id, step, Jsonb(BY_HAND)])
                    self.skipped += 1
                else:
                    connection.execute("select rota.signal(%s, 'go')", [run_id])

    def _retry(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether any was left to be retried."""
        due = [run_id for run_id in self.to_retry if run_id not in self.to_cancel]
        ended = connection.execute(ENDED, [due]).fetchall()
        for (run_id,) in ended:
            connection.execute("select rota.retry(%s)", [run_id])
            self.to_retry.remove(run_id)
            self.may_be_cancelled.discard(run_id)
            self.retried += 1
        return bool(ended)

    def stuck(self) -> Any:
        return self.app.run(LIVE)[:20], self.app.run(
            "select s.run_id, s.step, s.state, s.waits_for from rota.pipeline_steps as s"
            " where s.finished_at is null limit 20"
        )

    def check(self) -> None:
        for what, query in VIOLATIONS.items():
            found = self.app.run(query)
            assert not found, f"seed {self.seed}: {what}: {found[:5]}"
        for run_id, pipeline in self.runs.items():
            self._check_run(run_id, pipeline)

    def _check_run(self, run_id: int, pipeline: Pipeline) -> None:
        state, output, error = self.app.run(
            "select state, output, error from rota.runs where run_id = %s", run_id
        )[0]
        said = f"seed {self.seed}, run {run_id} of {pipeline.name}: {state}, {error}"
        expected = evaluate(pipeline, self.library)
        wanted = {"failed" if expected.fails else "succeeded"}
        if run_id in self.may_be_cancelled:
            wanted.add("cancelled")
        assert state in wanted, said
        steps = self.app.run(
            "select step, state, output from rota.pipeline_steps where run_id = %s", run_id
        )
        for name, step_state, step_output in steps:
            told = f"{said}; step {name}: {step_state}, not {expected.states[name]}"
            if state == "succeeded" or step_state == "succeeded":
                assert step_state == expected.states[name], told
                assert step_output == expected.outputs[name], told
        if state == "succeeded":
            assert output == {name: expected.outputs[name] for name in pipeline.leaves}, said


@contextmanager
def killing(crew: Crew, draw: random.Random, deaths: int) -> Iterator[None]:
    """So many workers are killed, and the server with them, while the block goes on."""
    is_over = threading.Event()

    def kill() -> None:
        for _ in range(deaths):
            if is_over.wait(draw.uniform(0.3, 0.8)):
                return
            for worker in draw.sample(crew.workers, min(1, len(crew.workers))):
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_every_run_of_random_pipelines_ends_as_python_says(
    crash_database: Clone, long: bool
) -> None:
    crash_database.run(TASKS)
    skipped = retried = 0
    for seed in range(20) if long else [int(time.time()) % 100_000]:
        trial = Trial(crash_database, seed, pipelines=60 if long else 24)
        trial.define()
        with Crew(crash_database, workers=3) as crew:
            trial.start()
            with killing(crew, random.Random(seed), deaths=5 if long else 3):
                trial.act()
        assert not survives(crash_database, LIVE), trial.stuck()
        trial.check()
        skipped, retried = skipped + trial.skipped, retried + trial.retried
        crash_database.run(
            "truncate rota_core.finished_run, rota_core.pipeline_run, rota_core.run_step,"
            " rota_core.step_output, rota_core.element_output, app.effect"
        )
    assert not long or (skipped and retried)
