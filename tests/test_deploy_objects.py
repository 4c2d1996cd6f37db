"""What a deploy touches when files or the catalog change."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import Clone
from pgrota.deploy import Outcome, deploy
from pgrota.drift import Drifted
from pgrota.errors import DRIFT
from support_deploy import add_file, add_revision, dump, function, versions


@pytest.fixture
def target(own_engine: Path, database: Clone) -> Clone:
    """A database with the engine and one function more, `rota_core.trial()`."""
    add_file(own_engine, "trial.sql", function("trial"))
    deploy(database.url())
    return database


def what(outcome: Outcome) -> set[tuple[str, str]]:
    return {(change.action, change.name) for change in outcome.changes}


def test_only_the_changed_function_is_touched(own_engine: Path, target: Clone) -> None:
    before = versions(target)
    add_file(own_engine, "trial.sql", function("trial", "select 2"))
    outcome = deploy(target.url())
    assert what(outcome) == {("change", "rota_core.trial()")}
    after = versions(target)
    assert {name for name in after if after[name] != before.get(name)} == {"rota_core.trial()"}
    assert target.value("select rota_core.trial()") == 2


@pytest.mark.parametrize(
    "edit",
    [
        "alter function rota_core.trial() set search_path = public",
        "alter function rota_core.trial() security definer",
        "alter function rota_core.trial() owner to postgres",
        "comment on function rota_core.trial() is null",
        "grant execute on function rota_core.trial() to public",
        "grant execute on function rota_core.trial() to rota_app with grant option",
        "create or replace function rota_core.trial() returns int language sql return 9",
        "drop function rota_core.trial()",
    ],
)
def test_what_was_edited_on_the_server_is_refused_or_restated(target: Clone, edit: str) -> None:
    before = dump(target)
    target.run(edit)
    edited = dump(target)
    with pytest.raises(Drifted) as refused:
        deploy(target.url())
    assert "function rota_core.trial() of trial.sql: " in (refused.value.detail or "")
    assert refused.value.exit_code == DRIFT
    assert dump(target) == edited
    assert {name for _, name in what(deploy(target.url(), force=True))} == {"rota_core.trial()"}
    assert dump(target) == before
    assert not deploy(target.url()).changed


def test_a_lost_grant_comes_back(target: Clone) -> None:
    before = sorted(dump(target).splitlines())
    target.run("revoke select on rota.health from rota_reader")
    assert what(deploy(target.url(), force=True)) == {("change", "rota.health")}
    assert sorted(dump(target).splitlines()) == before


def test_lost_rights_on_a_schema_come_back(target: Clone) -> None:
    target.run("revoke usage on schema rota from rota_app")
    assert what(deploy(target.url(), force=True)) == {("change", "rota")}
    assert target.value("select has_schema_privilege('rota_app', 'rota', 'USAGE')")


def test_a_vanished_file_takes_its_function_along(own_engine: Path, target: Clone) -> None:
    index = own_engine / "sql/engine/install.sql"
    index.write_text(index.read_text().replace("\\ir trial.sql\n", ""))
    (own_engine / "sql/engine/trial.sql").unlink()
    assert what(deploy(target.url())) == {("drop", "rota_core.trial()")}
    assert target.value("select to_regprocedure('rota_core.trial()')") is None
    assert (
        target.value("select count(*) from rota_core.deployed_file where file = 'trial.sql'") == 0
    )
    assert not deploy(target.url()).changed


def test_a_function_that_left_its_file_goes(own_engine: Path, target: Clone) -> None:
    add_file(own_engine, "trial.sql", function("trial") + function("other"))
    deploy(target.url())
    add_file(own_engine, "trial.sql", function("trial"))
    assert what(deploy(target.url())) == {("drop", "rota_core.other()"), ("restate", "trial.sql")}
    assert not deploy(target.url()).changed


def test_a_function_that_moved_to_another_file_stays(own_engine: Path, target: Clone) -> None:
    add_file(own_engine, "trial.sql", "-- moved\n")
    add_file(own_engine, "elsewhere.sql", function("trial"))
    assert ("drop", "rota_core.trial()") not in what(deploy(target.url()))
    assert target.value("select rota_core.trial()") == 1
    assert not deploy(target.url()).changed


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (function("trial", returns="text", body="select 'one'"), "rota_core.trial()"),
        (
            function("trial", returns="table (a int, b int)", body="select 1, 2"),
            "rota_core.trial()",
        ),
        (
            function("trial", arguments="renamed int default 1", body="select renamed"),
            "rota_core.trial(renamed => 1)",
        ),
    ],
)
def test_another_shape_is_dropped_and_created(
    own_engine: Path, target: Clone, text: str, call: str
) -> None:
    add_file(own_engine, "trial.sql", text)
    outcome = deploy(target.url())
    assert {name.split("(")[0] for _, name in what(outcome)} == {"rota_core.trial"}
    target.run(f"select * from {call}")
    assert target.value("select count(*) from pg_proc where proname = 'trial'") == 1
    assert not deploy(target.url()).changed


def test_what_depends_on_a_changed_shape_is_made_again(own_engine: Path, target: Clone) -> None:
    add_file(
        own_engine, "user_of_trial.sql",
        "create or replace view rota.user_of_trial as select rota_core.trial() as one;\n"
        "grant select on rota.user_of_trial to rota_reader;\n",
    )  # fmt: skip
    deploy(target.url())
    add_file(own_engine, "trial.sql", function("trial", returns="text", body="select 'one'"))
    names = {name for _, name in what(deploy(target.url()))}
    assert names == {"rota_core.trial()", "rota.user_of_trial"}
    assert target.value("select one from rota.user_of_trial") == "one"
    assert target.value("select has_table_privilege('rota_reader', 'rota.user_of_trial', 'SELECT')")
    assert not deploy(target.url()).changed


def test_a_view_that_loses_a_column_is_made_again(own_engine: Path, target: Clone) -> None:
    add_file(own_engine, "seen.sql", "create or replace view rota.seen as select 1 as a, 2 as b;\n")
    deploy(target.url())
    add_file(own_engine, "seen.sql", "create or replace view rota.seen as select 2 as b;\n")
    deploy(target.url())
    assert target.run("select * from rota.seen") == [(2,)]


def test_a_migration_may_hold_colons_and_percent_signs(target: Clone, own_engine: Path) -> None:
    add_revision(own_engine, "create table rota_core.half (a text default ' :x 100 % %s ');")
    assert ("apply", "9999 A trial.") in what(deploy(target.url()))
    target.run("insert into rota_core.half default values")
    assert target.value("select a from rota_core.half") == " :x 100 % %s "
