"""What a plan shows, and that it leaves everything as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import Clone, Harness
from pgrota.deploy import Outcome
from pgrota.errors import DRIFT, OK, PENDING, Problem
from support_deploy import dump, psql, rota
from support_project import ORDERS, TOTAL, add_migration, make, put

VIEW = "create or replace view shop.totals as select shop.total('{}') as total;\n"
TASK = "select rota.define_task('total', 'shop.total', max_attempts => 5);\n"
TRIGGER = """
create or replace function shop.stamp() returns trigger language plpgsql as $$
begin return new; end $$;
create or replace trigger stamp before insert on shop.orders
for each row execute function shop.stamp();
"""


@pytest.fixture
def place(tmp_path: Path, database: Clone) -> Path:
    database.run(ORDERS)
    files = {"total.sql": TOTAL, "totals.sql": f"-- requires: total.sql\n{VIEW}"}
    put(database, make(tmp_path, files))
    return tmp_path


def plan(database: Clone, place: Path, files: dict[str, str]) -> Outcome:
    return put(database, make(place, files), dry_run=True)


def test_body_and_attributes_are_shown_apart(place: Path, database: Clone) -> None:
    text = TOTAL.replace("'orders'", "'all'").replace(
        "set search", "stable security definer\nset search"
    )
    text += "grant execute on function shop.total(jsonb) to rota_app;\n"
    before = dump(database)
    (change,) = plan(database, place, {"total.sql": text}).changes
    assert (change.action, change.name) == ("change", "shop.total(jsonb)")
    assert change.fields["security"] == ("invoker", "definer")
    assert change.fields["volatility"] == ("volatile", "stable")
    assert "rota_app=X/postgres" in change.fields["privileges"][1]
    assert "body" not in change.fields
    assert [line for line in change.diff if line[:1] in "+-"] == [
        "--- on the server",
        "+++ total.sql",
        "- select jsonb_build_object('orders', count(*)) from shop.orders ",
        "+ select jsonb_build_object('all', count(*)) from shop.orders ",
    ]
    assert dump(database) == before


def test_another_shape_is_a_drop_and_a_creation(place: Path, database: Clone) -> None:
    text = TOTAL.replace("input jsonb", "given jsonb")
    changes = {c.name: c for c in plan(database, place, {"total.sql": text}).changes}
    change = changes["shop.total(jsonb)"]
    assert change.action == "replace"
    assert change.dependants == ("view shop.totals",)
    assert change.fields["arguments"] == ("input jsonb", "given jsonb")
    database.run("create view public.mine as select shop.total('{}')")
    with pytest.raises(Problem, match="something else depends on it"):
        plan(database, place, {"total.sql": text})


def test_every_kind_of_change_is_named(place: Path, database: Clone) -> None:
    add_migration(place, 1, "alter table shop.orders add column note text;")
    files = {
        "task.sql": TASK + "select rota.define_schedule('total', '@daily');",
        "trigger.sql": TRIGGER,
        "totals.sql": VIEW.replace("as total", "as total, 1 as one"),
    }
    found = {(c.action, c.kind, c.name) for c in plan(database, place, files).changes}
    assert found == {
        ("apply", "migration", "0001 Step 1."),
        ("create", "task", "total"),
        ("create", "schedule", "total"),
        ("create", "function", "shop.stamp()"),
        ("create", "trigger", "stamp on shop.orders"),
        ("change", "view", "shop.totals"),
    }


def test_the_sql_does_what_the_deploy_does(harness: Harness, place: Path, database: Clone) -> None:
    add_migration(place, 1, "alter table shop.orders add column note text default 'a % b :c';")
    make(place, {"total.sql": TOTAL.replace("input", "given"), "trigger.sql": TRIGGER})
    done = rota("--project", str(place), "plan", "--sql", url=database.url())
    assert done.returncode == OK, done.stderr
    script = place / "plan.psql"
    script.write_text(done.stdout)
    twin = harness.clone(template=database.name)
    applied = psql(twin, script, "--single-transaction")
    assert applied.returncode == 0, applied.stderr
    rota("--project", str(place), "deploy", url=database.url())
    assert dump(twin) == dump(database)
    twin.close()


def test_the_command(place: Path, database: Clone) -> None:
    def run(*options: str) -> tuple[int, str]:
        command = ("--project", str(place), "plan", *options)
        done = rota(*command, url=database.url())
        return done.returncode, done.stdout

    assert run("--exit-code")[0] == OK
    make(place, {"total.sql": TOTAL.replace("'orders'", "'all'"), "task.sql": TASK})
    code, said = run("--exit-code")
    assert code == PENDING
    assert "  + task      total\n" in said
    assert "  ~ function  shop.total(jsonb)  (total.sql)\n      --- on the server\n" in said
    code, said = run("--json", "--sql")
    found = json.loads(said)
    assert code == OK
    assert {change["action"] for change in found["changes"]} == {"create", "change"}
    assert any("define_task" in statement for statement in found["sql"])
    database.run("alter function shop.total(jsonb) security definer")
    code, said = run("--exit-code")
    assert code == DRIFT
    assert (
        "function shop.total(jsonb) of total.sql: changed\n      security: invoker -> definer"
        in said
    )


def test_of_privileges_only_those_that_came_or_went_are_shown(place: Path, database: Clone) -> None:
    put(database, make(place, {"total.sql": TOTAL + GRANT.format("rota_app")}))
    make(place, {"total.sql": TOTAL + GRANT.format("rota_reader")})
    done = rota("--project", str(place), "plan", url=database.url())
    assert done.stdout.splitlines()[:3] == [
        "  ~ function  shop.total(jsonb)  (total.sql)",
        "      privileges:",
        "        + rota_reader=X/postgres",
    ]
    database.run("revoke execute on function shop.total(jsonb) from rota_app")
    done = rota("drift", url=database.url())
    assert "      privileges:\n        - rota_app=X/postgres\n1 drifted" in done.stdout


GRANT = "grant execute on function shop.total(jsonb) to {};"
STEPS = """
select rota.define_task('total', 'shop.total');
select rota.define_pipeline('day', array[{}]);
"""


def test_a_pipeline_is_compared_step_by_step(place: Path, database: Clone) -> None:
    steps = ["'open', 'total'", "'sell', 'total'", "'count', 'total', after => '{sell}'"]
    now = [
        "'sell', 'total'", "'open', 'total', on_failure => 'skip'",
        "'close', 'total', after => '{sell}', timeout => '1 h'",
    ]  # fmt: skip
    put(database, make(place, {"z.sql": STEPS.format(", ".join(f"rota.step({s})" for s in steps))}))
    make(place, {"z.sql": STEPS.format(", ".join(f"rota.step({step})" for step in now))})
    done = rota("--project", str(place), "plan", url=database.url())
    assert done.stdout.splitlines()[:6] == [
        "  ~ pipeline  day  (z.sql)",
        "      steps:",
        "        ~ open: on_failure not given -> skip",
        """        + close: {"task": "total", "after": ["sell"], "timeout": "01:00:00"}""",
        "        - count",
        "        ~ order: open, sell -> sell, open",
    ]
