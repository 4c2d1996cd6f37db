"""`rota pipeline` and what `rota run` says of pipelines: what people read, and what programs do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from harness import Clone, Harness, wait_until
from pgrota import pipelines, steps
from support_process import wait_for_state
from support_run import here, ok, refused

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as 'select input';
create function app.twice(input jsonb) returns jsonb language sql
as $$ select to_jsonb(2 * (input ->> 'element')::int) $$;
create function app.fails(input jsonb) returns jsonb language plpgsql
as $$ begin raise 'no paper'; end $$;
create function app.keeps(input jsonb) returns void language plpgsql as $$
begin
  perform rota.save_artifact('raw-content', '{"a": 1}');
  perform rota.save_artifact('bytes', data => '\\x000102');
end $$;
select rota.define_task(t.name, 'app.' || t.name, max_attempts => 1)
from unnest('{echo,twice,fails,keeps}'::text[]) as t (name);
select rota.define_pipeline('content', array[
  rota.step('fetch', 'echo'),
  rota.step('each', 'twice', '{fetch}', for_each => 'fetch.run.list'),
  rota.step('approval', wait_for => 'approved', after => '{each}'),
  rota.step('publish', 'keeps', '{approval}', when_path => '$.approval.ok == true')],
  doc => '{"goals": ["Contents are published"]}');
select rota.define_pipeline('broken', array[
  rota.step('a', 'echo'), rota.step('b', 'fails', '{a}'), rota.step('c', 'echo', '{b}')]);
select rota.define_schedule('nightly', '0 3 * * *', task => 'content');
"""


@pytest.fixture
def app(harness: Harness) -> Iterator[Clone]:
    clone = harness.clone()
    clone.run(TASKS)
    clone.work()
    clone.supervise()
    yield clone
    clone.close()


def run_content(app: Clone) -> int:
    said = json.loads(
        ok(app, "pipeline", "run", "content", "--input", '{"list": [1, 2, 3]}', "--json")
    )
    wait_until(
        lambda: app.value("select true from rota.pipeline_steps where waits_for = 'approved'"),
        what="the step to wait",
    )
    return said["run_id"]


def test_a_pipeline_is_listed_shown_and_drawn(app: Clone) -> None:
    listed = ok(app, "pipeline", "list")
    assert re.search(r"content +4 +1 .*03:00:00", listed)
    shown = ok(app, "pipeline", "show", "content")
    assert "Contents are published" in shown
    assert re.search(r"each +twice +fetch +fail +for each fetch.run.list; 1 attempt, lane", shown)
    assert "started by schedule nightly, 0 3 * * * (UTC)" in shown
    nothing = ok(app, "pipeline", "show", "broken")
    assert "no schedule, subscription or pipeline names it; by hand: rota pipeline run" in nothing
    assert ok(app, "pipeline", "graph", "content").splitlines() == [
        "flowchart LR",
        '  s1["fetch<br/>echo"]',
        '  s2[["each<br/>twice<br/>for each fetch.run.list"]]',
        '  s3{{"approval<br/>waits for approved"}}',
        '  s4["publish<br/>keeps"]',
        "  s1 --> s2",
        "  s2 --> s3",
        "  s3 -.-> s4",
    ]
    assert json.loads(ok(app, "pipeline", "show", "content", "--json"))["version"] == 1
    tasks = ok(app, "task", "list")
    assert re.search(r"content +pipeline +default +30 d +ready", tasks)
    assert "rota pipeline show content" in ok(app, "task", "show", "content")
    wrong = refused(app, "pipeline", "show", "contnt")
    assert "pipeline contnt does not exist" in wrong
    assert "content" in wrong


def test_a_narrow_terminal_loses_nothing(app: Clone) -> None:
    run_id = int(ok(app, "pipeline", "run", "broken").split()[1])
    wait_for_state(app, run_id, "failed")
    for columns in ("20", "40", "60", "80"):
        seen = here("pipeline", "list", url=app.url(), COLUMNS=columns).stdout
        for word in ("broken", "content", "failed", "paper", "03:00:00", "success"):
            assert re.search(rf"\b{word}\b", seen), f"{columns} columns: {seen}"
        seen = here("pipeline", "show", "content", url=app.url(), COLUMNS=columns).stdout
        for word in ("approval", "publish", "fetch", "keeps", "fail", "lane"):
            assert re.search(rf"\b{word}\b", seen), f"{columns} columns: {seen}"


def test_only_pipelines_are_run_as_pipelines(app: Clone) -> None:
    assert "rota run start echo" in refused(app, "pipeline", "run", "echo")
    assert "Nearly so: content" in refused(app, "pipeline", "run", "contnt")
    assert "Nearly so" not in refused(app, "pipeline", "run", "cots")
    assert app.value("select count(*) from rota.runs") == 0


def test_a_run_is_drawn_with_the_steps_that_it_had(app: Clone) -> None:
    run_id = run_content(app)
    app.run("select rota.define_pipeline('content', array[rota.step('other', 'echo')])")
    assert "other" in ok(app, "pipeline", "graph", "content")
    drawn = ok(app, "pipeline", "graph", "content", "--run", str(run_id)).splitlines()
    assert '  s1["fetch<br/>echo"]' in drawn
    assert "  s3 --> s4" in drawn
    assert "  class s1,s2 succeeded" in drawn
    assert f"rota pipeline graph content --run {run_id}" in refused(
        app, "pipeline", "graph", "broken", "--run", str(run_id)
    )


def test_a_run_waits_for_a_signal_and_says_what_to_type(app: Clone) -> None:
    run_id = run_content(app)
    shown = ok(app, "run", "show", str(run_id))
    assert re.search(r"\n   each +succeeded .*3 of 3", shown)
    assert re.search(r"\n     approval +waiting .*waits for signal approved", shown)
    assert f"step approval waits: rota pipeline signal {run_id} approved" in shown
    assert "no step of run" in refused(app, "pipeline", "signal", str(run_id), "aproved")
    payload = '{"ok": true}'
    signal = ("pipeline", "signal", str(run_id), "approved", "--payload", payload)
    assert ok(app, *signal) == f"run {run_id} has it\n"
    wait_for_state(app, run_id, "succeeded")
    followed = ok(app, "run", "follow", str(run_id))
    assert re.search(rf"run {run_id} succeeded after", followed)
    drawn = ok(app, "pipeline", "graph", "content", "--run", str(run_id))
    assert "class s1,s2,s3,s4 succeeded" in drawn


def test_what_a_run_has_kept_is_listed_looked_at_and_saved(app: Clone, tmp_path: Path) -> None:
    run_id = run_content(app)
    ok(app, "pipeline", "signal", str(run_id), "approved", "--payload", '{"ok": true}')
    wait_for_state(app, run_id, "succeeded")
    assert re.search(r"publish +raw-content +application/json +\d+ ", ok(
        app, "run", "artifacts", str(run_id)
    ))  # fmt: skip
    assert json.loads(ok(app, "run", "artifact", str(run_id), "raw-content")) == {"a": 1}
    target = tmp_path / "kept.bin"
    save = ("run", "artifact", str(run_id), "bytes", "--output", str(target))
    assert ok(app, *save) == f"{target}: 3 bytes\n"
    assert target.read_bytes() == b"\x00\x01\x02"
    assert "exists" in refused(app, *save)
    assert ok(app, *save, "--force")
    shown = ok(app, "run", "show", str(run_id))
    assert f"what it kept (2): rota run artifacts {run_id}" in shown
    publish = app.value("select step_run_id from rota.pipeline_steps where step = 'publish'")
    assert "what it kept (2)" in ok(app, "run", "show", str(publish))
    assert "run 999999 does not exist" in refused(app, "run", "artifacts", "999999")
    missing = refused(app, "run", "artifact", str(run_id), "nothing")
    assert "It has: bytes, raw-content." in missing


def test_a_failed_run_names_its_step_and_can_go_on(app: Clone) -> None:
    run_id = int(ok(app, "pipeline", "run", "broken").split()[1])
    wait_for_state(app, run_id, "failed")
    assert re.search(r"broken +failed .*b: no paper", ok(app, "run", "list"))
    assert re.search(r"broken .*b: no paper", ok(app, "pipeline", "list"))
    status = ok(app, "status")
    assert re.search(r"broken +.*b: no paper", status)
    assert f"fails (b of {run_id})" in status
    assert re.search(
        r"failed after [\d.]+ m?s: step b: ",
        here("run", "follow", str(run_id), url=app.url()).stdout,
    )
    assert "(b of" not in ok(app, "run", "list")
    assert f"fails (b of {run_id})" in ok(app, "run", "list", "--steps")
    shown = ok(app, "run", "show", str(run_id))
    assert "error of step b" in shown
    of_step = re.search(r"why b failed: rota run show (\d+)", shown)[1]
    assert f"step       b of run {run_id}" in ok(app, "run", "show", of_step)
    assert f"rota run show {run_id}" in ok(app, "run", "show", of_step)
    assert "is step b of run" in refused(app, "run", "retry", of_step)

    assert ok(app, "pipeline", "skip", str(run_id), "b", "--output", '{"x": 1}') == (
        f"run {run_id} running\n"
    )
    wait_for_state(app, run_id, "succeeded")
    assert app.value("select output #>> '{c,b,x}' from rota.runs where run_id = %s", run_id) == "1"
    said = ok(app, "run", "retry", str(run_id), "--from-step", "a")
    assert said == f"run {run_id} running again\n"
    wait_for_state(app, run_id, "failed")
    anew = ok(app, "run", "rerun", str(run_id))
    assert re.fullmatch(rf"run {run_id} is started anew as run \d+\n", anew)
    assert "has no step" in refused(app, "run", "retry", str(run_id), "--from-step", "z")


def test_a_failed_element_is_named(app: Clone) -> None:
    app.run("""
select rota.define_pipeline('all', array[rota.step('x', 'fails', for_each => 'run.l')]);
""")
    run_id = int(ok(app, "pipeline", "run", "all", "--input", '{"l": [1]}').split()[1])
    wait_for_state(app, run_id, "failed")
    shown = ok(app, "run", "show", str(run_id))
    element = re.search(r"why x failed: rota run show (\d+)", shown)[1]
    assert f"x, element 0 of run {run_id}" in ok(app, "run", "show", element)
    assert f"rota pipeline skip {run_id} x" in shown


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


def test_names_cannot_break_a_chart() -> None:
    chart = pipelines.mermaid([{"name": "a", "task": 'x"<#>'}], {})
    assert '"a<br/>x#quot;#lt;#35;#gt;"' in chart
