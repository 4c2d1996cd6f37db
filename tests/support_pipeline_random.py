"""Random pipelines, and what a plain evaluation in Python says must come of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.effect (run_id bigint, what text, at timestamptz default clock_timestamp());
grant insert on app.effect to rota_worker;
create function app.weight(v jsonb) returns numeric language plpgsql immutable as $$
begin
  return case jsonb_typeof(v)
    when 'number' then v::numeric
    when 'array' then (select coalesce(sum(app.weight(e)), 0) from jsonb_array_elements(v) as e)
    when 'object' then coalesce((v ->> 'sum')::numeric,
      (select coalesce(sum(app.weight(e.value)), 0) from jsonb_each(v) as e where e.key <> 'run'))
    else 0 end;
end $$;
create function app.attempt(part int) returns bigint language sql stable
as $$ select split_part(current_setting('rota.attempt'), ' ', part)::bigint $$;
create function app.act(input jsonb) returns jsonb language plpgsql as $$
begin
  insert into app.effect (run_id, what) values (app.attempt(1), 'act');
  perform pg_sleep(random() * 0.002);
  return jsonb_build_object('sum', 1 + app.weight(input - '{run,signal}'::text[]));
end $$;
create function app.flaky(input jsonb) returns jsonb language plpgsql as $$
begin
  if app.attempt(2) = 1 then raise 'the first time it fails'; end if;
  return app.act(input);
end $$;
create function app.dies(input jsonb) returns jsonb language plpgsql as $$
begin
  if app.attempt(2) = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
  return app.act(input);
end $$;
create function app.bad(input jsonb) returns jsonb language plpgsql as $$
begin
  perform app.act(input);
  raise 'it always fails';
end $$;
create function app.element(input jsonb) returns jsonb language plpgsql as $$
begin
  perform app.act(input);
  if (input ->> 'element')::int < 0 then raise 'not this one'; end if;
  return to_jsonb(2 * (input ->> 'element')::int);
end $$;
create function app.undo(input jsonb) returns void language plpgsql as $$
begin
  insert into app.effect (run_id, what) values (app.attempt(1), 'undo');
end $$;
select rota.define_task(t.name, 'app.' || t.name, initial_delay => '1 ms', backoff_factor => 1,
  max_attempts => 50, retry_on => case when t.name in ('bad', 'element') then '{no error}' else '{}'
    end::text[])
from unnest('{act,flaky,dies,bad,element,undo}'::text[]) as t (name);
"""


# Steps that wait for this are skipped by hand, with the output below.
HAND = "hand"
BY_HAND = {"sum": 5}


@dataclass
class Step:
    """One step, in the words of rota.step and in those of the evaluation."""

    name: str
    task: str | None
    after: list[str]
    on_failure: str = "fail"
    for_each: str | None = None
    max_parallel: int | None = None
    condition: tuple[str, int] | None = None
    wait_for: str | None = None
    timeout: str | None = None
    start_delay: str | None = None
    compensate: str | None = None

    @property
    def is_skipped_by_hand(self) -> bool:
        return self.wait_for == HAND

    def document(self) -> dict[str, Any]:
        found = {key: value for key, value in vars(self).items() if key != "condition"}
        if self.condition:
            found["when_path"] = "$.{}.sum > {}".format(*self.condition)
        return {key: value for key, value in found.items() if value is not None}


@dataclass
class Pipeline:
    name: str
    steps: list[Step]
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def leaves(self) -> list[str]:
        needed = {name for step in self.steps for name in step.after}
        return [step.name for step in self.steps if step.name not in needed]


def random_pipeline(draw: random.Random, name: str, inner: list[Pipeline]) -> Pipeline:
    """Up to 30 steps; those that may start others are given as inner."""
    made = Pipeline(name, [])
    for number in range(draw.choice([1, 3, 8, 15, 30]) if inner else draw.randint(1, 5)):
        before = [step.name for step in made.steps]
        after = draw.sample(before, min(len(before), draw.choice([0, 1, 1, 2, 3])))
        step = Step(f"s{number}", "act", sorted(after))
        step.on_failure = draw.choice(["fail", "skip", "continue", "continue", "compensate"])
        step.compensate = draw.choice([None, None, "undo"])
        kind = draw.random()
        if kind < 0.08:
            step.task = "bad"
            step.on_failure = draw.choice(["skip", "continue", "continue", step.on_failure])
        elif kind < 0.2:
            step.task = draw.choice(["flaky", "flaky", "dies"])
        elif kind < 0.35 and inner:
            step.task, step.for_each = "element", f"run.{step.name}"
            step.max_parallel = draw.choice([None, 1, 3])
            made.document[step.name] = [
                draw.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, -1]) for _ in range(draw.choice([0, 1, 9]))
            ]
        elif kind < 0.45 and after:
            step.condition = (draw.choice(after), draw.randint(0, 6))
        elif kind < 0.52:
            step.wait_for, step.task = draw.choice(["go", HAND]), draw.choice([None, "act"])
        elif kind < 0.55:
            step.wait_for, step.timeout, step.on_failure = "never", "200 ms", "continue"
        elif kind < 0.6:
            step.task, step.start_delay = draw.choice([None, "act"]), "50 ms"
        elif kind < 0.7 and inner:
            step.task = draw.choice(inner).name
        made.steps.append(step)
    return made


def weight(value: Any) -> int:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return 0
    if isinstance(value, list):
        return sum(map(weight, value))
    if isinstance(value, dict):
        if "sum" in value:
            return value["sum"]
        return sum(weight(each) for key, each in value.items() if key != "run")
    return value


@dataclass
class Evaluation:
    """What each step comes to when nothing stops the run before."""

    states: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    fails: bool = False
    compensates: bool = False


def evaluate(pipeline: Pipeline, library: dict[str, Pipeline]) -> Evaluation:
    found = Evaluation()
    free: dict[str, bool] = {}
    for step in pipeline.steps:
        before = {name: found.outputs.get(name) for name in step.after}
        if not all(free[name] for name in step.after):
            state, output = "skipped", None
        else:
            state, output = _step(step, before, pipeline, library)
        found.states[step.name], found.outputs[step.name] = state, output
        by_hand = output is BY_HAND
        free[step.name] = state == "succeeded" or by_hand or step.on_failure == "continue"
        if state == "failed" and step.on_failure in ("fail", "compensate"):
            found.fails = True
            found.compensates |= step.on_failure == "compensate"
    return found


def _step(
    step: Step, before: dict[str, Any], pipeline: Pipeline, library: dict[str, Pipeline]
) -> tuple[str, Any]:
    if step.condition:
        name, least = step.condition
        value = before[name]
        if not (isinstance(value, dict) and value.get("sum", -1) > least):
            return "skipped", None
    if step.is_skipped_by_hand:
        return "skipped", BY_HAND
    if step.wait_for == "never":
        return "failed", None
    if step.task is None:
        return "succeeded", {} if step.wait_for else before
    if step.task == "bad":
        return "failed", None
    if step.for_each:
        numbers = pipeline.document[step.name]
        answers = [None if number < 0 else 2 * number for number in numbers]
        if None not in answers:
            return "succeeded", answers
        return "failed", answers if step.on_failure == "continue" else None
    if step.task in library:
        inside = evaluate(library[step.task], library)
        leaves = {name: inside.outputs[name] for name in library[step.task].leaves}
        return ("failed", None) if inside.fails else ("succeeded", leaves)
    return "succeeded", {"sum": 1 + weight(before)}
