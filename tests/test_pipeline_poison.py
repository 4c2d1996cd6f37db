"""Pipelines: what cannot be stored, and what was taken away by hand, holds up no one else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from harness import Clone, wait_until
from support_pipeline import define, start, states
from support_worker import rows

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as $$ select '1'::jsonb $$;
create function app.fails(input jsonb) returns void language plpgsql
as $$ begin raise 'no paper'; end $$;
create table app.stored (kind text, value jsonb);
grant select on app.stored to rota_worker;
create function app.stored(input jsonb) returns jsonb language plpgsql as $$
declare
  v_value jsonb;
begin
  select s.value into v_value from app.stored as s where s.kind = input #>> '{run,kind}';
  return v_value;
end $$;
select rota.define_task(t.name, 'app.' || t.name, max_attempts => 1)
from unnest('{echo,fails,stored}'::text[]) as t (name);
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


def ended(app: Clone, run_id: int, timeout: float = 15) -> dict[str, Any]:
    """The run, without its steps, which may be large."""
    wait_until(
        lambda: not app.run("select 1 from rota_core.run where run_id = %s", run_id), timeout,
        what=f"run {run_id} to end",
    )  # fmt: skip
    return rows(app, "select run_id, state, error from rota.runs where run_id = %s", run_id)[0]


@pytest.fixture
def crew(app: Clone) -> Iterator[Any]:
    """A worker and a supervisor that live to the end of the test."""
    those = [app.work(), app.supervise()]
    yield those
    assert [one.error for one in those if not one.alive] == []
    assert app.run("select message from rota_core.log where component = 'rota'") == []


def test_elements_that_compress_well_are_too_large_together_all_the_same(
    app: Clone, crew: Any
) -> None:
    app.run("insert into app.stored select 'half', to_jsonb(repeat('x', 51 << 20))")
    define(
        app, "p", "rota.step('each', 'stored', for_each => 'run.list', on_failure => 'continue')"
    )  # fmt: skip
    run = ended(app, start(app, "p", '{"kind": "half", "list": [1, 2]}'), 30)
    assert run["state"] == "succeeded"
    error = app.value("select error from rota.pipeline_steps where run_id = %s", run["run_id"])
    assert error["message"] == "the outputs of 2 elements are larger than 100 MB together"


def test_an_answer_out_of_a_table_has_its_own_size_not_that_of_its_storage(
    app: Clone, crew: Any
) -> None:
    app.run("insert into app.stored select 'big', to_jsonb(repeat('x', 101 << 20))")
    app.run("insert into app.stored select 'half', to_jsonb(repeat('x', 51 << 20))")
    define(
        app, "p", "rota.step('a', 'stored'), rota.step('b', 'stored'),"
        " rota.step('c', 'echo', '{a,b}')",
    )  # fmt: skip
    run = ended(app, start(app, "p", '{"kind": "big"}'), 30)
    assert run["error"]["message"] == "output has 101 MB; at most 100 can be stored"
    run = ended(app, start(app, "p", '{"kind": "half"}'), 30)
    assert run["error"]["message"] == "the input would be larger than 100 MB"
    assert states(app, run["run_id"]) == {"a": "succeeded", "b": "succeeded", "c": "failed"}


def test_an_input_that_no_step_could_take_is_refused_at_the_start_or_fails(
    app: Clone, crew: Any
) -> None:
    define(app, "p", "rota.step('a', 'echo')")
    app.run("insert into app.stored select 'big', jsonb_build_object('x', repeat('x', 101 << 20))")
    with pytest.raises(psycopg.Error, match="input of task p has 101 MB; at most 100 can"):
        app.run("select rota.start('p', s.value) from app.stored as s")
    with pytest.raises(psycopg.Error, match="input 1 of 1 for task p has 101 MB"):
        app.run("select rota.start_many('p', array[s.value]) from app.stored as s")
    # An event may be as large.
    run_id = app.value(
        "select rota_core.enqueue_run('p', s.value, null, null, null, 'event') from app.stored as s"
    )
    assert ended(app, run_id)["error"]["message"] == "the input would be larger than 100 MB"


def test_many_answers_of_a_megabyte_are_not_one_input(app: Clone, crew: Any) -> None:
    app.run("insert into app.stored select 'mb', to_jsonb(repeat('x', 999000))")
    app.run(
        "select rota.define_pipeline('p', array_agg(rota.step('s' || n, 'stored'))"
        " || rota.step('end', 'echo', array_agg('s' || n)))"
        " from generate_series(1, 110) as n"
    )
    run = ended(app, start(app, "p", '{"kind": "mb"}'), 60)
    assert (run["error"]["step"], run["error"]["message"]) == (
        "end", "the input would be larger than 100 MB"
    )  # fmt: skip
    # Nor are they one answer.
    steps = app.value("select rota.get_run(%s) -> 'steps'", run["run_id"])
    assert len(steps) == 111
    assert not any("output" in step for step in steps)


def ended_without(app: Clone, task: str, taken: str, started: str) -> dict[str, Any]:
    """The run of `p`, from which a task that nobody works on, or the run of it, was taken away."""
    if taken == "task":
        app.run("delete from rota_core.task where task = %s", task)
    run_id = start(app, "p")
    app.work()
    wait_until(lambda: app.value(started), what=f"{task} to be started")
    if taken == "run":
        app.run("delete from rota_core.run where task = %s", task)
    app.run("select rota_core.tend_pipelines()")
    return ended(app, run_id)


@pytest.mark.parametrize("taken", ["task", "run"])
def test_a_compensation_that_is_taken_away_by_hand_keeps_no_run_open(
    app: Clone, taken: str
) -> None:
    app.run("select rota.define_task('undo', 'app.echo', lane => 'nobody')")
    define(
        app, "p", "rota.step('a', 'echo', compensate => 'undo'),"
        " rota.step('f', 'fails', '{a}', on_failure => 'compensate')",
    )  # fmt: skip
    started = "select compensation from rota_core.run_step where step = 'a'"
    run = ended_without(app, "undo", taken, started)
    assert run["state"] == "failed"
    assert run["error"]["message"] == "no paper"
    assert run["error"]["compensation"]["message"] == "the run of step a is gone"


def test_a_compensation_does_without_an_output_that_its_input_cannot_hold(app: Clone) -> None:
    app.run("select rota.define_task('undo', 'app.echo', lane => 'nobody')")
    define(
        app, "p", "rota.step('a', 'echo', compensate => 'undo'),"
        " rota.step('g', wait_for => 'go', after => '{a}')",
    )  # fmt: skip
    run_id = start(app, "p")
    app.work()
    wait_until(
        lambda: app.value("select state = 'blocked' from rota_core.run_step where step = 'g'"),
        what="the gate to wait",
    )
    app.run("update rota_core.step_output set bytes = 200 << 20")
    app.run("select rota.cancel(%s)", run_id)
    assert app.run("select input -> 'output' from rota_core.run where task = 'undo'") == [(None,)]


@pytest.mark.parametrize("taken", ["task", "run"])
def test_a_step_that_is_taken_away_by_hand_keeps_no_run_open(app: Clone, taken: str) -> None:
    app.run("select rota.define_task('gone', 'app.echo', lane => 'nobody')")
    define(app, "p", "rota.step('a', 'echo'), rota.step('b', 'gone', '{a}')")
    started = "select state = 'started' from rota_core.run_step where step = 'b'"
    run = ended_without(app, "gone", taken, started)
    assert run["error"]["message"] == "the run of step b is gone"


def test_a_run_that_cannot_go_on_keeps_the_supervisor_from_no_other(app: Clone) -> None:
    define(app, "p", "rota.step('g', wait_for => 'go'), rota.step('z', 'echo', '{g}')")
    runs = [start(app, "p") for _ in range(3)]
    app.work()
    wait_until(
        lambda: app.value("select count(*) = 3 from rota_core.run_step where state = 'blocked'"),
        what="the gates to wait",
    )
    app.run(
        "insert into rota_core.run_signal (run_id, signal, payload, sent_at, sent_by)"
        " select r, 'go', '{}', now(), 'me' from unnest(%s::bigint[]) as r", runs,
    )  # fmt: skip
    app.run(
        "create function app.break() returns trigger language plpgsql as"
        " $$ begin raise 'it breaks'; end $$;"
        "create trigger break before update on rota_core.run_step for each row"
        f" when (new.run_id = {runs[1]}) execute function app.break()"
    )
    app.run("select rota_core.drive_pipelines()")
    assert ended(app, runs[0])["state"] == ended(app, runs[2])["state"] == "succeeded"
    assert app.run("select message from rota_core.log where level = 'error'") == [
        (f"supervisor: drive_pipelines failed: run {runs[1]}: it breaks",)
    ]
    app.run("drop trigger break on rota_core.run_step")
    app.run("select rota_core.drive_pipelines()")
    assert ended(app, runs[1])["state"] == "succeeded"


def test_a_worker_whose_runs_cannot_be_settled_keeps_those_of_no_other(app: Clone) -> None:
    app.run(
        "insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)"
        " overriding system value"
        " select -n, 'worker', 'default', n, 'rota_worker', now(), now()"
        " from generate_series(1, 2) as n"
    )
    app.run(
        "select rota.start_many('echo', array_fill('{}'::jsonb, array[2]));"
        "update rota_core.run set state = 'running', attempt = 1, worker_id = -run_id"
    )
    app.run(
        "create function app.break() returns trigger language plpgsql as"
        " $$ begin raise 'it breaks'; end $$;"
        "create trigger break before insert on rota_core.attempt for each row"
        " when (new.worker_id = -2) execute function app.break()"
    )
    assert app.value("select rota_core.recover_workers()") == 1
    assert app.run("select run_id, state from rota_core.run order by 1") == [
        (1, "queued"), (2, "running"),
    ]  # fmt: skip
    assert app.run("select message from rota_core.log where level = 'error'") == [
        ("supervisor: recover_workers failed: worker -2: it breaks",)
    ]
    app.run("drop trigger break on rota_core.attempt")
    assert app.value("select rota_core.recover_workers()") == 1
    assert app.run("select distinct state from rota_core.run") == [("queued",)]
