"""`rota pipeline` and what `rota run` says of pipelines: what people read, and what programs do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import pipelines
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
def app(database: Clone) -> Clone:
    database.run(TASKS)
    database.work()
    database.supervise()
    return database


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


def test_names_cannot_break_a_chart() -> None:
    chart = pipelines.mermaid([{"name": "a", "task": 'x"<#>'}], {})
    assert '"a<br/>x#quot;#lt;#35;#gt;"' in chart
