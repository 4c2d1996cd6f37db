"""Tasks, schedules and the like are objects of the files that define them."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

import support_project
from harness import Clone
from pgrota.deploy import Outcome
from pgrota.drift import Drifted
from pgrota.errors import Problem
from support_project import ORDERS, TOTAL, make
from support_run import ok

DEFINED = """
select rota.define_calendar('holidays', '{"dates": ["12-25"]}');
select rota.define_lane('slow', workers => 2);
select rota.define_task('total', 'shop.total', timeout => '10 min', lane => 'slow');
select rota.define_schedule('total', '0 3 * * *', calendar => 'holidays');
select rota.watch_table('shop.orders', '{INSERT}');
select rota.subscribe('orders', 'shop.orders', task => 'order', types => '{INSERT}');
select rota.define_pipeline('flow', array[rota.step('first', 'total')]);
"""
ORDER = """
create or replace function shop.order(event jsonb)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$ select $$;
select rota.define_task('order', 'shop.order');
"""
FILES = {"total.sql": TOTAL, "order.sql": ORDER, "z.sql": DEFINED}


@pytest.fixture
def place(tmp_path: Path, database: Clone) -> Path:
    database.run(ORDERS)
    put(database, tmp_path, FILES)
    return tmp_path


def put(database: Clone, place: Path, files: dict[str, str], **options: bool) -> Outcome:
    for path in (place / "sql").glob("*.sql"):
        path.unlink()
    return support_project.put(database, make(place, files), **options)


def what(outcome: Outcome) -> set[tuple[str, str, str]]:
    return {(change.action, change.kind, change.name) for change in outcome.changes}


def of_files(database: Clone) -> dict[str, str]:
    return dict(
        database.run(
            "select o.kind || ' ' || o.identity, o.file from rota_core.deployed_object as o"
            " where o.project = 'shop' and o.kind not in ('function') and not o.is_kept"
        )
    )


def test_what_a_file_defines_is_recorded_with_it(place: Path, database: Clone) -> None:
    assert of_files(database) == {
        "calendar holidays": "z.sql",
        "lane slow": "z.sql",
        "pipeline flow": "z.sql",
        "schedule total": "z.sql",
        "subscription orders": "z.sql",
        "task order": "order.sql",
        "task total": "z.sql",
        "watch shop.orders": "z.sql",
    }
    state = database.value("select d.state from rota_core.deploy as d where d.project = 'shop'")
    assert [each["file"] for each in state["files"]] == ["order.sql", "total.sql", "z.sql"]
    assert put(database, place, FILES).changes == []


def test_what_a_file_defines_says_so_where_it_is_shown(place: Path, database: Clone) -> None:
    deploy_id = database.value(
        "select d.deploy_id from rota_core.deploy as d where project = 'shop'"
    )
    for kind, name in (("task", "total"), ("schedule", "total"), ("pipeline", "flow")):
        assert f"z.sql of shop, deploy {deploy_id}" in ok(database, kind, "show", name)
        shown = json.loads(ok(database, kind, "show", name, "--json"))
        assert (shown["project"], shown["file"], shown["deploy_id"]) == ("shop", "z.sql", deploy_id)
    assert f"z.sql of shop, deploy {deploy_id}" in ok(database, "task", "show", "flow")
    database.run("select rota.define_task('mine', null, kind => 'external')")
    assert "deploy" not in ok(database, "task", "show", "mine")


def test_how_it_fares_is_no_difference(place: Path, database: Clone) -> None:
    database.run("select rota.pause('task', 'total'), rota.pause('subscription', 'orders')")
    database.run("select rota.start_schedule('total')")
    database.run("update rota_core.schedule set next_at = now() - interval '1 min'")
    database.run("select rota_core.fire_due('total')")
    database.run("alter table shop.orders add column note text")
    database.run("insert into shop.orders values (1)")
    assert put(database, place, FILES).changes == []


def test_what_was_defined_otherwise_by_hand_is_refused(place: Path, database: Clone) -> None:
    database.run("select rota.define_task('total', 'shop.total', max_attempts => 9)")
    database.run("select rota.unwatch_table('shop.orders')")
    database.run("select rota.watch_table('shop.orders', '{DELETE}')")
    database.run("select rota.drop_schedule('total')")
    with pytest.raises(Drifted) as refused:
        put(database, place, FILES)
    detail = refused.value.detail or ""
    assert "schedule total of z.sql: gone\n" in detail
    assert "task total of z.sql: changed by postgres at 20" in detail
    assert "watch shop.orders of z.sql: changed by postgres" in detail
    assert put(database, place, FILES, dry_run=True).drift != []
    outcome = put(database, place, FILES, force=True)
    assert ("create", "schedule", "total") in what(outcome)
    (task,) = [change for change in outcome.changes if change.kind == "task"]
    assert task.fields["max_attempts"] == (9, 3)
    assert database.run("select w.operations from rota.watches as w") == [(["INSERT"],)]
    assert put(database, place, FILES).changes == []


def test_what_is_defined_by_hand_is_nobodys(place: Path, database: Clone) -> None:
    database.run("select rota.define_task('mine', null, kind => 'external')")
    assert put(database, place, FILES).changes == []
    mine = {**FILES, "m.sql": "select rota.define_task('mine', null, kind => 'external');"}
    assert what(put(database, place, mine)) == {("apply", "file", "m.sql")}
    assert of_files(database)["task mine"] == "m.sql"


def test_a_file_says_it_otherwise(place: Path, database: Clone) -> None:
    said = DEFINED.replace("0 3", "0 4").replace("orders', '{INSERT}", "orders', '{INSERT,DELETE}")
    outcome = put(database, place, {**FILES, "z.sql": said})
    assert what(outcome) == {("change", "schedule", "total"), ("change", "watch", "shop.orders")}
    fields = {change.kind: change.fields for change in outcome.changes}
    assert fields["schedule"] == {"cron": ("0 3 * * *", "0 4 * * *")}
    assert fields["watch"] == {"operations": (["INSERT"], ["INSERT", "DELETE"])}


def test_what_no_file_makes_is_left_until_it_may_be_dropped(place: Path, database: Clone) -> None:
    fewer = {"order.sql": ORDER}
    for _ in range(2):
        outcome = put(database, place, fewer)
        assert outcome.changes == []
        notes = "\n".join(outcome.notes)
        for name in ("task total", "schedule total", "watch shop.orders", "function shop.total("):
            assert f"{name}" in notes
    assert database.value("select count(*) from rota.schedules") == 1
    outcome = put(database, place, fewer, allow_drop=True)
    assert ("drop", "function", "shop.total(jsonb)") in what(outcome)
    assert {name for action, _, name in what(outcome) if action == "drop"} == {
        "holidays", "slow", "total", "shop.orders", "orders", "flow", "shop.total(jsonb)",
    }  # fmt: skip
    assert of_files(database) == {"task order": "order.sql"}
    assert database.value("select to_regprocedure('shop.total(jsonb)')") is None
    assert put(database, place, fewer).notes == []


def test_what_left_a_file_that_goes_on_is_left_too(place: Path, database: Clone) -> None:
    fewer = {**FILES, "order.sql": ORDER.replace("select rota.define_task", "-- ")}
    with pytest.raises(Problem, match="task order cannot be dropped: task order is still used"):
        put(database, place, fewer, allow_drop=True)
    for _ in range(2):
        assert any("task order was left" in note for note in put(database, place, fewer).notes)
    assert put(database, place, FILES).notes == []
    assert of_files(database)["task order"] == "order.sql"


def test_a_task_with_live_runs_is_retired_first(place: Path, database: Clone) -> None:
    database.run("select rota.start('total')")
    fewer = {"order.sql": ORDER}
    outcome = put(database, place, fewer, allow_drop=True)
    assert any("task total is retired" in note for note in outcome.notes)
    assert any("function shop.total(jsonb) was left" in note for note in outcome.notes)
    with pytest.raises(psycopg.Error, match="task total is retired") as refused:
        database.run("select rota.start('total')")
    assert refused.value.sqlstate == "RT010"
    assert database.value("select count(*) from rota.schedules") == 0
    database.run("call rota.work('slow', budget => '0.5 s')")
    assert database.value("select r.state from rota.runs as r") == "succeeded"
    outcome = put(database, place, fewer, allow_drop=True)
    assert what(outcome) == {
        ("drop", "task", "total"),
        ("drop", "function", "shop.total(jsonb)"),
        ("drop", "lane", "slow"),
    }


def test_what_is_retired_can_be_called_back(place: Path, database: Clone) -> None:
    database.run("select rota.start('total')")
    put(database, place, {"order.sql": ORDER}, allow_drop=True)
    assert put(database, place, FILES).notes == []
    assert database.value("select (rota.start('total')).is_new")


def test_a_name_that_is_computed_is_found(place: Path, database: Clone) -> None:
    many = (
        "do $$ begin for i in 1 .. 3 loop"
        " perform rota.define_task('n' || i, null, kind => 'external'); end loop; end $$;"
    )
    put(database, place, {**FILES, "n.sql": many})
    assert {f"task n{i}" for i in (1, 2, 3)} <= of_files(database).keys()
    outcome = put(database, place, {**FILES, "n.sql": many.replace("3", "2")}, allow_drop=True)
    assert what(outcome) == {("drop", "task", "n3"), ("restate", "file", "n.sql")}


def test_two_files_that_define_one_thing(place: Path, database: Clone) -> None:
    again = "do $$ begin perform rota.define_task('to' || 'tal', null, kind => 'external'); end $$;"
    with pytest.raises(Problem, match="task total is defined twice"):
        put(database, place, {**FILES, "y.sql": again, "z.sql": DEFINED + "select 1;"})
    assert put(database, place, FILES).changes == []
