"""Pipelines: define, start, and wait for what becomes of a run."""

from __future__ import annotations

from typing import Any

from harness import Clone, wait_until


def define(app: Clone, name: str, steps: str, more: str = "") -> None:
    app.run(f"select rota.define_pipeline('{name}', array[{steps}]{more})")


def start(app: Clone, name: str, document: str = "{}", more: str = "") -> int:
    return app.value(f"select s.run_id from rota.start('{name}', %s{more}) as s", document)


def ended(app: Clone, run_id: int, timeout: float = 15) -> dict[str, Any]:
    """The run, with its steps, once it has ended."""

    def look() -> dict[str, Any] | None:
        run = app.value("select rota.get_run(%s)", run_id)
        return run if run["finished_at"] else None

    return wait_until(look, timeout, what=f"run {run_id} to end")


def states(app: Clone, run_id: int) -> dict[str, str]:
    return dict(app.run("select step, state from rota.pipeline_steps where run_id = %s", run_id))


def wait_for_step(app: Clone, run_id: int, step: str, state: str) -> None:
    wait_until(lambda: states(app, run_id).get(step) == state, what=f"step {step} to be {state}")
