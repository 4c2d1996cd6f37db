"""Handlers that leave things behind, and tasks that are started for each event."""

from __future__ import annotations

import pytest

from harness import Clone, wait_until
from support_event import delivered, drain, emit_many, handler, prepare, subscribe
from support_worker import GATE, held, wait_at

# What the next event's handler must not find: it takes note.
LOOKS = """
if current_setting('search_path') like '%evil%' or current_setting('role') <> 'none'
  or to_regclass('pg_temp.mine') is not null
then
  insert into app.got (who) values ('harmed');
end if;
if v_n % 5 = 1 then {deed} end if;
"""
EVIL = """
create schema evil;
grant usage on schema evil to public;
create function evil.eq(int, int) returns boolean language sql as $$ select false $$;
create function evil.never() returns boolean language plpgsql as $$ begin raise 'evil'; end $$;
create operator evil.= (leftarg = int, rightarg = int, function = evil.eq);
create operator evil.<> (leftarg = int, rightarg = int, function = evil.eq);
create operator evil.> (leftarg = int, rightarg = int, function = evil.eq);
create operator evil.<= (leftarg = int, rightarg = int, function = evil.eq);
"""
DEEDS = {
    "search_path": "perform set_config('search_path', 'evil, pg_catalog', false);",
    "search_path until the end": "perform set_config('search_path', 'evil, pg_catalog', true);",
    "role": "set role rota_helper; reset role; set local role rota_helper;",
    "a temporary table": "create temp table mine (n int);",
    "dropped on commit": "create temp table mine (n int) on commit drop;",
    "locks": "perform pg_advisory_unlock_all();",
    "settings": "perform set_config('enable_seqscan', 'off', false),"
    " set_config('application_name', 'x', false), set_config('rota.attempt', '1 1 1', false);",
    "constraints": "set constraints all deferred;",
}


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("kind", ["call", "batch"])
def test_the_next_handler_does_not_see_what_one_leaves(app: Clone, deed: str, kind: str) -> None:
    app.run(EVIL)
    app.run("create role rota_helper; grant rota_helper to rota_worker;"
            " grant all on app.bad, app.got to rota_helper")  # fmt: skip
    try:
        looks = LOOKS.format(deed=DEEDS[deed])
        if kind == "batch":
            looks = looks.replace("v_n", "(events -> 0 -> 'payload' ->> 'n')::int")
        task = handler(app, "note", kind, looks, max_attempts=1)
        subscribe(app, task, "orders", mode="batch" if kind == "batch" else "event", batch_size=1
                  if kind == "batch" else 500)  # fmt: skip
        emit_many(app, "orders", 60)
        drain(app)
        dead = app.run("select d.error ->> 'message' from rota.dead_letters as d")
        assert dead == []
        # Tables are there until the end of a batch, and where that hinders, it is a batch of one.
        if "table" not in deed and "dropped" not in deed:
            assert delivered(app, "harmed") == []
        assert delivered(app, "note") == list(range(60))
    finally:
        app.run("drop owned by rota_helper; drop role rota_helper")


def test_a_handler_is_planned_as_anybody_is(app: Clone) -> None:
    """Rota's own searches turn whole kinds of plans off."""
    body = "if current_setting('enable_seqscan') = 'off' then raise 'no plans left'; end if;"
    subscribe(app, handler(app, "note", body=body, max_attempts=1), "orders")
    subscribe(app, handler(app, "all", "batch", body, max_attempts=1), "orders", mode="batch")
    # One, which nobody tries again in smaller pieces.
    emit_many(app, "orders", 1)
    drain(app)
    assert delivered(app) == [0, 0]


def test_a_run_is_known_by_its_name_after_a_handler_changed_it(app: Clone) -> None:
    body = f"""
    if v_n = 0 then
      perform set_config('application_name', 'mine', false);
    elsif v_n = 1 then
      perform pg_advisory_xact_lock_shared({GATE}, 1);
    end if;
    """
    subscribe(app, handler(app, "note", body=body), "orders", batch_size=1)
    emit_many(app, "orders", 2)
    with held(app):
        app.work(poll="5 ms")
        (pid,) = wait_at(app)
        look = "select a.application_name from pg_stat_activity as a where a.pid = %s"
        named = app.value(look, pid)
        assert named.startswith("rota run ")
    wait_until(lambda: delivered(app) == [0, 1], what="the end")


@pytest.mark.parametrize("mode", ["event", "batch"])
def test_a_deferred_constraint_that_fails_is_the_events_own_failure(app: Clone, mode: str) -> None:
    app.run("create table app.parent (n int primary key);"
            " create table app.child (n int references app.parent deferrable initially deferred);"
            " insert into app.parent select generate_series(0, 39) except select 17;"
            " grant select, insert on app.parent, app.child to rota_worker")  # fmt: skip
    body = "insert into app.child values (v_n);"
    if mode == "batch":
        n = "(e -> 'payload' ->> 'n')::int"
        body = f"insert into app.child select {n} from jsonb_array_elements(events) as e;"
    kind = "batch" if mode == "batch" else "call"
    task = handler(app, "note", kind, body, max_attempts=1)
    subscribe(app, task, "orders", mode=mode)
    emit_many(app, "orders", 40)
    drain(app)
    assert delivered(app) == [n for n in range(40) if n != 17]
    assert app.run("select d.error ->> 'sqlstate' from rota.dead_letters as d") == [("23503",)]


@pytest.mark.parametrize(
    "deed",
    [
        "perform set_config('transaction_read_only', 'on', true);",
        "set transaction read only;",
    ],
)
def test_a_read_only_transaction_is_the_events_own_failure(app: Clone, deed: str) -> None:
    # After its own write, so that the handler itself does not fail.
    app.run("create function app.after() returns trigger language plpgsql as"
            f" $$ begin if new.n = 17 then {deed} end if; return null; end $$;"
            " create trigger after after insert on app.got for each row"
            " execute function app.after()")  # fmt: skip
    subscribe(app, handler(app, "note", max_attempts=1), "orders")
    emit_many(app, "orders", 40)
    drain(app)
    assert delivered(app) == [n for n in range(40) if n != 17]
    assert app.run("select d.error ->> 'sqlstate' from rota.dead_letters as d") == [("25006",)]


@pytest.mark.parametrize("deed", ["commit;", "rollback;", "assert false;"])
def test_what_no_handler_may_do_is_the_events_own_failure(app: Clone, deed: str) -> None:
    subscribe(app, handler(app, "note", body=f"if v_n = 7 then {deed} end if;", max_attempts=1),
              "orders")  # fmt: skip
    emit_many(app, "orders", 40)
    drain(app)
    assert delivered(app) == [n for n in range(40) if n != 7]
    assert app.value("select s.dead from rota.subscriptions as s") == 1


def test_a_handler_that_runs_as_another_role(app: Clone) -> None:
    app.run("create role rota_other")
    try:
        app.run("grant usage on schema app to rota_other; grant insert on app.got to rota_other;"
                " grant select on app.bad to rota_other; revoke insert on app.got from rota_worker;"
                " alter table app.got add by name default current_user")  # fmt: skip
        app.run("select rota.allow_run_as('rota_other')")
        subscribe(app, handler(app, "note", run_as="rota_other", max_attempts=1), "orders")
        subscribe(
            app, handler(app, "all", "batch", run_as="rota_other", max_attempts=1), "orders",
            mode="batch", batch_size=7,
        )  # fmt: skip
        app.run("insert into app.bad values (5)")
        emit_many(app, "orders", 20)
        drain(app)
        for who in ("note", "all"):
            assert delivered(app, who) == [n for n in range(20) if n != 5]
        assert app.run("select distinct g.by::text from app.got as g") == [("rota_other",)]
    finally:
        app.run("drop owned by rota_other; drop role rota_other")


def test_a_handler_without_arguments_is_called_for_each_event(app: Clone) -> None:
    app.run("create function app.tick() returns void language sql as"
            " $$ insert into app.got (who) values ('tick') $$;"
            " select rota.define_task('tick', 'app.tick')")  # fmt: skip
    subscribe(app, "tick", "orders")
    emit_many(app, "orders", 50)
    drain(app)
    assert len(delivered(app, "tick")) == 50


def test_external_tasks_are_started_for_each_event_or_each_batch(app: Clone) -> None:
    app.run("select rota.define_task('outside', 'outside', kind => 'external')")
    subscribe(app, "outside", "orders", "each")
    emit_many(app, "orders", 50)
    app.work(poll="5 ms")
    queued = "select r.input -> 'payload' ->> 'n' from rota_core.run as r where r.task = 'outside'"
    wait_until(lambda: len(app.run(queued)) >= 50, what="the runs")
    assert sorted(int(n) for (n,) in app.run(queued)) == list(range(50))
