"""Pipelines: workers, supervisors and servers that die at chosen points; each run ends right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Clone, Worker
from support_crash import Crew, kill, stop_at_once, terminate, trap
from support_worker import define, ended, held, prepare, rows, start, wait_at

# Where the worker, or the supervisor, stands when it dies: what makes it wait there.
POINTS = {
    "before a claim of the run": "before update on rota_core.run",
    "between claim and begin": "before insert on rota_core.pipeline_run",
    "when the first steps begin": "after insert on rota_core.run_step",
    "when an outcome frees a step": "before insert on rota_core.step_output",
    "between the elements of a map": "before insert on rota_core.element_output",
    "when a step fails": "before insert on rota_core.attempt",
    "when a compensation starts": "before update of compensation on rota_core.run_step",
    "when the run ends": "before update of finished_at on rota_core.pipeline_run",
}
MAIN = ["between claim and begin", "between the elements of a map"]
STEPS = """
select rota.define_pipeline('inner', array[
  rota.step('x', 'note'), rota.step('y', 'note', '{x}')]);
select rota.define_pipeline('p', array[
  rota.step('list', 'list'),
  rota.step('each', 'note', '{list}', for_each => 'list', max_parallel => 2),
  rota.step('in', 'inner'),
  rota.step('flaky', 'flaky', '{each}', on_failure => 'continue'),
  rota.step('end', 'note', '{flaky,in}')]);
select rota.define_pipeline('undone', array[
  rota.step('a', 'note', compensate => 'note'), rota.step('b', 'note', '{a}', compensate => 'note'),
  rota.step('f', 'fails', '{b}', on_failure => 'compensate')]);
"""


@pytest.fixture
def app(crash_database: Clone) -> Clone:
    app = prepare(crash_database)
    define(app, "note", "perform app.note('1'); return '1';", initial_delay="0 s")
    define(app, "list", "perform app.note('1'); return '[1, 2, 3, 4]';", initial_delay="0 s")
    define(app, "waits", "perform app.pass(1); perform app.note('1'); return '1';",
           initial_delay="0 s")  # fmt: skip
    define(app, "fails", "raise 'no paper';", initial_delay="0 s", retry_on=["no error"])
    app.run("create sequence app.tries; grant usage on sequence app.tries to public")
    flaky = "if nextval('app.tries') = 1 then raise 'once'; end if; return '1';"
    define(app, "flaky", flaky, initial_delay="0 s")
    app.run(STEPS)
    return app


def assert_done_once(app: Clone, point: str, run_id: int, undone: int) -> None:
    """Both runs have ended as they must, and each of their steps has acted once."""
    assert ended(app, run_id)["output"] == {"end": 1}, point
    assert ended(app, undone)["error"]["message"] == "no paper", point
    states = "select distinct state from rota.pipeline_steps where run_id = %s"
    assert app.run(states, run_id) == [("succeeded",)], point
    assert rows(
        app,
        "select s.step, s.state, s.compensation from rota.pipeline_steps as s"
        " where s.run_id = %s order by s.step", undone,
    ) == [
        {"step": "a", "state": "succeeded", "compensation": "succeeded"},
        {"step": "b", "state": "succeeded", "compensation": "succeeded"},
        {"step": "f", "state": "failed", "compensation": None},
    ], point  # fmt: skip
    assert app.run(
        "select f.run_id, f.task, count(e.run_id) from rota_core.finished_run as f"
        " left join app.effect as e on e.run_id = f.run_id"
        " where f.task in ('note', 'list', 'waits') group by 1, 2 having count(e.run_id) <> 1"
    ) == [], point  # fmt: skip
    assert app.value("select count(*) from app.effect") == 1 + 4 + 2 + 1 + 2 + 2, point
    assert app.value("select count(*) from rota_core.run") == 0, point


@pytest.mark.parametrize("how", [terminate, kill, stop_at_once])
def test_a_pipeline_ends_right_wherever_a_worker_dies(
    app: Clone, how: Callable[[object, Worker], None], long: bool
) -> None:
    for point, place in POINTS.items():
        if not long and how is not terminate and point not in MAIN:
            continue
        app.run("select setval('app.tries', 1, false)")
        with trap(app, place), held(app):
            runs = [start(app, name) for name in ("p", "undone")]
            worker = app.work(poll="5 ms")
            wait_at(app)
            how(app.server, worker)
            worker.join()
            app.server.wait_ready()
        with Crew(app, workers=2):
            assert_done_once(app, point, *runs)
        app.run("truncate app.effect, rota_core.finished_run, rota_core.pipeline_run,"
                " rota_core.run_step, rota_core.step_output")  # fmt: skip


def test_a_pipeline_ends_right_after_a_supervisor_died_in_its_turn(app: Clone) -> None:
    app.run(
        "select rota.define_pipeline('gate', array[rota.step('g', wait_for => 'go',"
        " timeout => '1 s', on_failure => 'continue'), rota.step('z', 'note', '{g}')])"
    )
    run_id = start(app, "gate")
    app.work()
    with trap(app, "before update of finished_at on rota_core.run_step"), held(app):
        supervisor = app.supervise()
        assert wait_at(app) == [supervisor.pid]
        supervisor.terminate()
        supervisor.join()
    with Crew(app, workers=1):
        assert ended(app, run_id)["output"] == {"z": 1}
    assert app.value("select count(*) from app.effect") == 1


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_pipelines_outlive_the_server(app: Clone, mode: str) -> None:
    app.run(
        "select rota.define_pipeline('long', array[rota.step('w', 'waits'),"
        " rota.step('d', start_delay => '1 s'), rota.step('g', wait_for => 'go'),"
        " rota.step('end', 'note', '{w,d,g}')])"
    )
    with held(app), Crew(app, workers=2):
        run_id = start(app, "long")
        wait_at(app)
        app.run("select rota.signal(%s, 'go', '{\"by\": 1}')", run_id)
        app.server.stop(mode)
        app.server.start()
        run = ended(app, run_id)
    assert (run["state"], run["output"]) == ("succeeded", {"end": 1})
    assert app.run("select what, count(*) from app.effect group by 1") == [("1", 2)]
