"""The steps of a run on its page: their order, their lines of time, which of them stay in sight."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness import Clone, wait_until
from pgrota import steps
from support_process import wait_for_state
from support_run import here, ok

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as 'select input';
create function app.fails(input jsonb) returns jsonb language plpgsql
as $$ begin raise 'no paper'; end $$;
select rota.define_task(t.name, 'app.' || t.name, max_attempts => 1)
from unnest('{echo,fails}'::text[]) as t (name);
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    database.work()
    return database


def step(number: int, state: str, **more: Any) -> dict[str, Any]:
    made = {"step": f"s{number}", "after": [f"s{number - 1}"], "ordinal": number, "state": state}
    empty = (
        "waits_for", "started_at", "finished_at", "ready_at", "elements", "attempt", "retry_at",
        "compensation", "error", "when_path", "skipped_by_hand",
    )  # fmt: skip
    return made | dict.fromkeys(empty) | {"failed_attempts": [], "on_failure": "fail"} | more


def test_what_waits_and_runs_stays_on_the_screen() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    done = [
        step(n, "succeeded", started_at=at, finished_at=at + timedelta(seconds=n))
        for n in range(1, 91)
    ]
    rest = [step(91, "running", started_at=at), step(92, "waiting", waits_for="go")]
    rest += [step(n, "waiting") for n in range(93, 101)]
    seen, hidden = steps.in_sight(steps.order(done + rest), 5)
    assert [each["step"] for _, each in seen] == ["s89", "s90", "s91", "s92"]
    assert hidden == 96
    table = steps.table({"steps": done + rest, "state": "running", "started_at": at}, at)
    assert table.columns[0]._cells[-1] == "s100"
    run = {"run_id": 7, "steps": done + rest}
    assert "rota pipeline signal 7 go" in steps.told(run, rest[1], at)


def tree(*edges: str) -> list[str]:
    """The order of steps given as `step after,after`, each indented by its depth."""
    made = []
    for number, (name, _, after) in enumerate(edge.partition(" ") for edge in edges):
        before = after.split(",") if after else []
        made.append(step(number, "waiting") | {"step": name, "after": before})
    return ["  " * depth + each["step"] for depth, each in steps.order(made)]


def test_a_step_stands_under_one_that_it_comes_after() -> None:
    assert tree("a", "g", "b a", "c b") == ["a", "  b", "    c", "g"]
    assert tree("a", "b a", "c a", "d b,c", "e b") == ["a", "  b", "    e", "  c", "    d"]
    chain = [f"s{n}" + (f" s{n - 1}" if n else "") for n in range(2000)]
    assert [line.strip() for line in tree(*chain)] == [f"s{n}" for n in range(2000)]


def test_an_attempt_that_was_lost_is_drawn_as_one() -> None:
    def at(seconds: int) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    lost = {"outcome": "lost", "started_at": at(2), "finished_at": at(4)}
    taken = step(
        1, "succeeded", ready_at=at(0), started_at=at(6), finished_at=at(10), failed_attempts=[lost]
    )
    assert steps.timeline(taken, at(0), at(10), 10) == "··▒▒··████"
    assert steps.span({"steps": [taken], "state": "succeeded"}, at(10)) == (at(2), at(10))


@pytest.mark.parametrize(
    ("begin", "end", "line"),
    [
        (0, 1, "██████████"), (0, 0.5, "█████"), (0.5, 1, "     █████"), (0, 0, "▏"),
        (0.95, 1, "         ▐"), (0.25, 0.5, "  ▐██"),
    ],
)  # fmt: skip
def test_a_line_of_time_is_in_proportion(begin: float, end: float, line: str) -> None:
    assert steps.bar(begin, end, 10) == line


def test_a_step_that_is_left_out_says_why(app: Clone) -> None:
    app.run("""
select rota.define_pipeline('left-out', array[
  rota.step('a', 'echo'),
  rota.step('unwanted', 'echo', '{a}', when_path => '$.a.run.wanted == true'),
  rota.step('after_it', 'echo', '{unwanted}'),
  rota.step('bad', 'fails', '{a}', on_failure => 'skip'),
  rota.step('after_bad', 'echo', '{bad,a}'),
  rota.step('gate', wait_for => 'go', after => '{a}'),
  rota.step('last', 'echo', '{gate}')]);
""")
    run_id = int(ok(app, "pipeline", "run", "left-out").split()[1])
    wait_until(
        lambda: app.value("select true from rota.pipeline_steps where waits_for = 'go'"),
        what="the step to wait",
    )
    ok(app, "pipeline", "skip", str(run_id), "gate")
    wait_for_state(app, run_id, "succeeded")
    shown = ok(app, "run", "show", str(run_id))
    assert re.search(r"unwanted +skipped .*does not hold: .*\"wanted\" == true", shown)
    assert re.search(r"after_it +skipped .*unwanted was skipped", shown)
    assert re.search(r"after_bad +skipped .*bad failed", shown)
    assert re.search(r"gate +skipped .*by hand", shown)
    assert re.search(r"last +succeeded", shown)
    followed = here("run", "follow", str(run_id), url=app.url()).stdout
    assert "step after_bad skipped" in followed


def test_the_attempts_of_a_step_that_failed_are_there_for_whoever_may_look(app: Clone) -> None:
    app.run("""
create function app.second(input jsonb) returns jsonb language plpgsql as $$
begin
  perform pg_sleep(0.05);
  if split_part(current_setting('rota.attempt'), ' ', 2) = '1' then raise 'not yet'; end if;
  return '{}';
end $$;
select rota.define_task('second', 'app.second', initial_delay => '0.1 s');
select rota.define_pipeline('tries', array[rota.step('x', 'second')]);
""")
    run_id = int(ok(app, "pipeline", "run", "tries").split()[1])
    wait_for_state(app, run_id, "succeeded")
    whole = json.loads(ok(app, "run", "show", str(run_id), "--json"))
    reader = f"{app.url()}{'&' if '?' in app.url() else '?'}options=-crole%3Drota_reader"
    by_views = json.loads(ok(app, "run", "show", str(run_id), "--json", url=reader))
    (tried,) = whole["steps"][0]["failed_attempts"]
    assert tried["outcome"] == "failed"
    assert by_views["steps"][0]["failed_attempts"] == [tried]
    assert re.search(r"x +succeeded .*▒.*█.*attempt 2", ok(app, "run", "show", str(run_id)))
