"""Pipelines with real workers and a real supervisor: time, signals, cancels, versions, sizes."""

from __future__ import annotations

import psycopg
import pytest

from harness import Clone, wait_until
from support_pipeline import define, ended, start, states, wait_for_step

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.done (what text, at timestamptz default clock_timestamp());
grant select, insert on app.done to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as 'select input';
create function app.note(input jsonb) returns void language sql
as $$ insert into app.done (what) values (coalesce(input ->> 'step', 'note')) $$;
create function app.nap(input jsonb) returns jsonb language plpgsql as $$
begin
  perform pg_sleep((jsonb_path_query_first(input, '$.**.seconds'))::float8);
  return '{"slept": true}';
end $$;
create function app.fails(input jsonb) returns void language plpgsql
as $$ begin raise 'no paper'; end $$;
create function app.large(input jsonb) returns jsonb language sql
as $$ select jsonb_build_object('text', repeat('x', 1048576 * (input #>> '{run,mb}')::int)) $$;
select rota.define_task(t.name, 'app.' || t.name, max_attempts => 1)
from unnest('{echo,note,nap,fails,large}'::text[]) as t (name);
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    database.work()
    database.work()
    database.supervise()
    return database


def test_a_cancel_interrupts_what_runs_and_compensates_what_was_done(app: Clone) -> None:
    define(
        app, "trip",
        "rota.step('hotel', 'echo', compensate => 'note'),"
        " rota.step('flight', 'nap', '{hotel}', compensate => 'note'),"
        " rota.step('car', 'echo', '{flight}', compensate => 'note')",
    )  # fmt: skip
    run_id = start(app, "trip", '{"seconds": 30}')
    wait_for_step(app, run_id, "flight", "running")
    assert app.value("select rota.cancel(%s)", run_id) == "cancelling"
    run = ended(app, run_id)
    assert run["state"] == "cancelled"
    assert states(app, run_id) == {"hotel": "succeeded", "flight": "cancelled", "car": "cancelled"}
    assert app.run("select what from app.done order by at") == [("flight",), ("hotel",)]
    assert app.value("select rota.cancel(%s)", run_id) == "cancelled"


def test_a_cancel_reaches_the_pipelines_within(app: Clone) -> None:
    define(app, "inner", "rota.step('nap', 'nap'), rota.step('after', 'echo', '{nap}')")
    define(app, "outer", "rota.step('in', 'inner'), rota.step('z', 'echo', '{in}')")
    run_id = start(app, "outer", '{"seconds": 30}')
    wait_until(
        lambda: app.value("select true from rota.runs where task = 'nap' and state = 'running'"),
        what="the innermost run to run",
    )
    app.run("select rota.cancel(%s)", run_id)
    assert ended(app, run_id)["state"] == "cancelled"
    assert app.run("select task, state from rota.runs order by run_id") == [
        ("outer", "cancelled"), ("inner", "cancelled"), ("nap", "cancelled"),
    ]  # fmt: skip


def test_a_run_has_until_its_timeout(app: Clone) -> None:
    define(
        app, "late", "rota.step('a', 'echo', compensate => 'note'), rota.step('b', 'nap', '{a}')",
        ", timeout => '1 s'",
    )  # fmt: skip
    run = ended(app, start(app, "late", '{"seconds": 30}'))
    assert run["state"] == "failed"
    assert run["error"]["message"].startswith("timed out after 00:00:0")
    assert run["error"]["detail"] == "Open were: b."
    assert app.value("select count(*) from app.done") == 1


def test_a_step_has_until_its_timeout(app: Clone) -> None:
    define(
        app, "steps",
        "rota.step('slow', 'nap', timeout => '1 s', on_failure => 'continue'),"
        " rota.step('gate', wait_for => 'go', timeout => '1 s', on_failure => 'continue'),"
        " rota.step('each', 'nap', for_each => 'run.list', timeout => '1 s',"
        "  on_failure => 'continue'),"
        " rota.step('end', 'echo', '{slow,gate,each}')",
    )  # fmt: skip
    run = ended(app, start(app, "steps", '{"seconds": 30, "list": [1, 2, 3]}'))
    assert run["state"] == "succeeded", run["error"]
    assert states(app, run["run_id"]) == {
        "slow": "failed", "gate": "failed", "each": "failed", "end": "succeeded",
    }  # fmt: skip
    errors = dict(
        app.run(
            "select step, error ->> 'message' from rota.pipeline_steps where error is not null"
        )
    )  # fmt: skip
    assert errors["slow"] == "step slow timed out after 00:00:01"
    assert errors["gate"] == "step gate timed out after 00:00:01"
    assert errors["each"] == "step each timed out after 00:00:01"


def test_delays_and_signals_let_a_run_wait_without_a_worker(app: Clone) -> None:
    define(
        app, "waits",
        "rota.step('later', start_delay => '1 s'),"
        " rota.step('approval', wait_for => 'approved', after => '{later}'),"
        " rota.step('go', 'echo', '{approval}', start_delay => '200 ms')",
    )  # fmt: skip
    run_id = start(app, "waits")
    wait_until(
        lambda: app.value("select waits_for from rota.pipeline_steps where step = 'approval'"),
        what="the step to wait for its signal",
    )
    assert app.value("select count(*) from rota_core.run where state = 'running'") == 1
    assert app.value("select rota.signal(%s, 'approved', '{\"by\": \"Ada\"}')", run_id)
    run = ended(app, run_id)
    assert run["output"]["go"]["approval"] == {"by": "Ada"}
    assert app.value(
        "select s.started_at - d.finished_at >= interval '200 ms' from rota.pipeline_steps as s"
        " join rota.pipeline_steps as d on d.step = 'approval' where s.step = 'go'"
    )


def test_a_step_that_has_begun_its_elements_is_running_until_it_has_done_them(app: Clone) -> None:
    app.run("""
create function app.waits(input jsonb) returns void language plpgsql as $$
begin
  if (input ->> 'element')::int > 1 then raise 'later'; end if;
end $$;
select rota.define_task('waits', 'app.waits', initial_delay => '1 h');
""")
    define(app, "m", "rota.step('each', 'waits', for_each => 'run.list', max_parallel => 1)")
    run_id = start(app, "m", '{"list": [1, 2]}')
    wait_until(
        lambda: app.value("select true from rota.runs where element = 1 and error is not null"),
        what="the second element to fail",
    )
    assert states(app, run_id) == {"each": "running"}


def test_a_run_goes_on_with_the_steps_it_began_with(app: Clone) -> None:
    define(app, "p", "rota.step('gate', wait_for => 'go'), rota.step('old', 'echo', '{gate}')")
    run_id = start(app, "p")
    wait_for_step(app, run_id, "gate", "waiting")
    define(app, "p", "rota.step('gate', wait_for => 'other'), rota.step('new', 'echo', '{gate}')")
    with pytest.raises(psycopg.Error, match="still used"):
        app.run("select rota.drop_task('echo')")
    assert app.value("select rota.signal(%s, 'go')", run_id)
    assert list(ended(app, run_id)["output"]) == ["old"]
    again = start(app, "p")
    wait_for_step(app, again, "gate", "waiting")
    with pytest.raises(psycopg.Error, match="no step of run"):
        app.run("select rota.signal(%s, 'go')", again)
    app.run("select rota.signal(%s, 'other')", again)
    assert list(ended(app, again)["output"]) == ["new"]


def test_a_key_is_one_run_and_starts_a_failed_one_again(app: Clone) -> None:
    define(app, "p", "rota.step('a', 'note'), rota.step('b', 'fails', '{a}')")
    run_id = start(app, "p", more=", key => 'k'")
    assert ended(app, run_id)["state"] == "failed"
    assert start(app, "p", more=", key => 'k'") == run_id
    app.run("select rota.define_task('fails', 'app.echo')")
    assert start(app, "p", more=", key => 'k', on_key => 'retry_failed'") == run_id
    assert ended(app, run_id)["state"] == "succeeded"
    assert app.value("select count(*) from app.done") == 1


def test_schedules_and_subscriptions_start_pipelines(app: Clone) -> None:
    define(app, "p", "rota.step('a', 'echo')")
    app.run("select rota.define_schedule('p', '@every 1 second')")
    app.run("create table public.users (id int primary key)")
    app.run("select rota.watch_table('public.users', '{INSERT}')")
    app.run("select rota.subscribe('s', 'public.users', task => 'p')")
    app.run("insert into public.users values (7)")
    wait_until(
        lambda: app.value(
            "select count(distinct split_part(origin, ':', 1)) = 2 from rota.runs"
            " where task = 'p' and state = 'succeeded'"
        ),
        timeout=15,
        what="both to start it",
    )
    assert app.value(
        "select output #>> '{a,run,record,id}' from rota.runs where task = 'p'"
        " and origin like 'event:%' limit 1"
    ) == "7"  # fmt: skip


def test_what_is_too_large_fails_clearly_and_loses_nothing(app: Clone) -> None:
    define(app, "one", "rota.step('a', 'large'), rota.step('b', 'note', '{a}')")
    run = ended(app, start(app, "one", '{"mb": 101}'), timeout=60)
    assert run["state"] == "failed"
    assert run["error"]["sqlstate"] == "54000"
    assert run["error"]["message"] == "output has 101 MB; at most 100 can be stored"

    define(
        app, "two",
        "rota.step('a', 'large'), rota.step('b', 'large'), rota.step('c', 'note', '{a,b}'),"
        " rota.step('d', 'note', '{a}')",
    )  # fmt: skip
    run = ended(app, start(app, "two", '{"mb": 60}'), timeout=60)
    assert run["state"] == "failed"
    assert run["error"]["step"] == "c"
    assert run["error"]["message"] == "the input would be larger than 100 MB"
    assert states(app, run["run_id"])["a"] == states(app, run["run_id"])["b"] == "succeeded"


def test_a_skipped_step_frees_a_run_that_waits_and_one_that_failed(app: Clone) -> None:
    define(app, "p", "rota.step('a', 'fails'), rota.step('b', 'note', '{a}')")
    run_id = start(app, "p")
    assert ended(app, run_id)["state"] == "failed"
    assert app.value("select rota.skip_step(%s, 'a')", run_id) == "running"
    assert ended(app, run_id)["state"] == "succeeded"
    again = app.value("select rota.rerun(%s)", run_id)
    assert ended(app, again)["error"]["step"] == "a"
