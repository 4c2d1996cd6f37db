"""What a deploy refuses or fails at leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota.deploy import deploy
from pgrota.errors import CANNOT_CONNECT, Problem, Refusal
from pgrota.transaction import Patience
from support_deploy import add_file, add_revision, dump, function


@pytest.fixture
def target(own_engine: Path, database: Clone) -> Clone:
    """A database with the engine and one function more, `rota_core.trial()`."""
    add_file(own_engine, "trial.sql", function("trial"))
    deploy(database.url())
    return database


@pytest.fixture
def as_before(target: Clone) -> Iterator[None]:
    """The test must leave schema and record as they were."""
    record = "select count(*), max(deploy_id) from rota_core.deploy"
    before = dump(target), target.run(record)
    yield
    assert (dump(target), target.run(record)) == before


def test_an_accidental_overload_is_refused(
    target: Clone, own_engine: Path, as_before: None
) -> None:
    target.run("create function rota_core.clash(a int) returns int language sql return 1")
    add_file(own_engine, "clash.sql", function("clash", arguments="a text"))
    with pytest.raises(Problem, match="would make an overload") as refused:
        deploy(target.url())
    assert "drop function if exists rota_core.clash(integer);" in refused.value.hint
    target.run(refused.value.hint)


def test_dependants_of_others_are_named(target: Clone, own_engine: Path) -> None:
    target.run("create view public.mine as select rota_core.trial() as one")
    before = dump(target)
    add_file(own_engine, "trial.sql", function("trial", returns="text", body="select 'one'"))
    with pytest.raises(Problem, match="something else depends on it") as refused:
        deploy(target.url())
    assert refused.value.detail == "view public.mine"
    assert dump(target) == before


def test_two_files_may_not_make_the_same(target: Clone, own_engine: Path, as_before: None) -> None:
    add_file(own_engine, "twice.sql", function("trial"))
    with pytest.raises(Problem, match="defined twice") as refused:
        deploy(target.url())
    assert "trial.sql" in refused.value.detail
    assert "twice.sql" in refused.value.detail


def test_a_file_that_does_not_parse(target: Clone, own_engine: Path, as_before: None) -> None:
    add_file(own_engine, "broken.sql", "-- fine\nselect 1;\nselekt 2;\n")
    with pytest.raises(
        Refusal, match=r'engine/broken.sql, line 3: syntax error at or near "selekt"'
    ):
        deploy(target.url())


def test_an_index_that_names_nothing(target: Clone, own_engine: Path, as_before: None) -> None:
    index = own_engine / "sql/engine/install.sql"
    index.write_text(index.read_text() + "\\ir nowhere.sql\n")
    with pytest.raises(Problem, match=r"nowhere.sql does not exist"):
        deploy(target.url())


def test_a_migration_that_fails_half_way(target: Clone, own_engine: Path, as_before: None) -> None:
    add_file(own_engine, "trial.sql", function("trial", "select 2"))
    add_revision(own_engine, "create table rota_core.half (a int);\nselect 1 / 0;")
    with pytest.raises(Refusal, match="division by zero"):
        deploy(target.url(), patience=Patience(drain=5))
    assert target.value("select rota_core.setting('draining')") == "false"


def test_a_database_that_goes_away_in_between(
    target: Clone, own_engine: Path, as_before: None
) -> None:
    add_file(own_engine, "last.sql", "select pg_sleep(20);\n")
    victim = "from pg_stat_activity where query like 'select pg_sleep%'"
    with ThreadPoolExecutor() as pool:
        deploying = pool.submit(deploy, target.url())
        wait_until(lambda: target.value(f"select pid {victim}"), what="the deploy to sleep")
        target.run(f"select pg_terminate_backend(pid) {victim}")
        with pytest.raises(Refusal, match="terminating connection") as lost:
            deploying.result()
    assert lost.value.exit_code == CANNOT_CONNECT


def test_an_engine_newer_than_the_tool(target: Clone, as_before: None) -> None:
    target.run("update rota_core.alembic_version set version_num = '9998'")
    with pytest.raises(Problem, match="which is not known here"):
        deploy(target.url())
