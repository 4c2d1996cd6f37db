"""The collector of pgTAP files: what it makes of files that are right and of broken ones."""

from __future__ import annotations

import pytest

import pgtap_plugin
from harness import Harness
from pgrota import pgtap

CONFTEST = """
from pgtap_plugin import PgTapFile

def pytest_collect_file(file_path, parent):
    return PgTapFile.from_parent(parent, path=file_path) if file_path.suffix == ".sql" else None
"""


@pytest.fixture
def collect(pytester: pytest.Pytester, harness: Harness, monkeypatch):
    """Run pytest on one pgTAP file, on the database that the other files use."""
    monkeypatch.setattr(pgtap_plugin, "database_for", lambda config: harness.pgtap())
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(CONFTEST)

    def run(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makefile(".sql", tried=text)
        return pytester.runpytest_inprocess("-rA", *arguments, "tried.sql")

    return run


def test_each_assertion_is_an_item(collect) -> None:
    result = collect(
        "begin; select plan(3); select ok(true, 'one'); select ok(true, 'two'), is(1, 1, 'three');"
        " select * from finish(); rollback;"
    )
    result.assert_outcomes(passed=3)


def test_names_come_from_the_descriptions(collect) -> None:
    result = collect(
        "begin; select plan(4); select ok(true, 'one'); select ok(true);"
        " select is(1, 1, 'it''s # two'); select pass('one');"
        " select * from finish(); rollback;",
        "-v",
    )
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "*tried.sql::one PASSED*",
            "*tried.sql::assertion 2 PASSED*",
            "*tried.sql::it's # two PASSED*",
            "*tried.sql::one (2) PASSED*",
        ]
    )


def test_a_failing_assertion_fails_with_its_remarks_and_line(collect) -> None:
    result = collect(
        "begin;\nselect plan(2);\nselect ok(true, 'fine');\n"
        "select is(1, 2, 'not fine');\nselect * from finish();\nrollback;"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*tried.sql:4", "*have: 1", "*want: 2"])


def test_an_error_in_the_middle_keeps_what_came_before(collect) -> None:
    result = collect(
        "begin;\nselect plan(3);\nselect ok(true, 'before');\nselect 1 / 0;\n"
        "select ok(true, 'after');\nselect * from finish();\nrollback;"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*22012: division by zero*", "*after 1 assertions*"])


def test_an_error_of_syntax_names_the_line(collect) -> None:
    result = collect("begin;\nselect plan(1);\n\nselekt ok(true, 'never');\nrollback;")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*42601: syntax error*", "*line 4 of the file*"])


@pytest.mark.parametrize(("planned", "words"), [(3, "3 assertions planned, 2 ran"), (1, "1 ass")])
def test_a_wrong_plan_fails(collect, planned: int, words: str) -> None:
    result = collect(
        f"begin; select plan({planned}); select pass('a'); select pass('b');"
        " select * from finish(); rollback;"
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines([f"*{words}*"])


def test_a_file_without_a_plan_fails(collect) -> None:
    result = collect("begin; select 1; rollback;")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*it has no plan*"])


def test_a_file_that_commits_fails(collect) -> None:
    result = collect("begin; select plan(1); select pass('a'); select * from finish(); commit;")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*ends with rollback*"])


def test_skipped_and_todo_are_not_failures(collect) -> None:
    result = collect(
        "begin; select plan(3); select skip('no extension'); select todo('later', 1);"
        " select ok(false, 'not yet'); select pass('a'); select * from finish(); rollback;"
    )
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)


def test_a_lost_connection_is_a_failure(collect) -> None:
    result = collect(
        "begin; select plan(1); select pass('a'); select pg_terminate_backend(pg_backend_pid());"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*57P01: terminating connection*"])


def test_a_name_chooses_one(collect) -> None:
    result = collect(
        "begin; select plan(2); select pass('apple'); select pass('pear');"
        " select * from finish(); rollback;",
        "-k",
        "pear",
    )
    result.assert_outcomes(passed=1, deselected=1)


def test_nothing_stays_behind(harness: Harness) -> None:
    with harness.pgtap().connect(options=pgtap_plugin.OPTIONS) as connection:
        report = pgtap.run(connection, "begin; create table public.left_behind (); select plan(0)")
        assert report.planned == 0
        gone = connection.execute("select to_regclass('public.left_behind') is null").fetchone()
        assert gone == (True,)
