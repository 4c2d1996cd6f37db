"""A user's project: how it is found, what its description may say, in which order it loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgrota import config, errors, load_order
from pgrota.errors import Problem
from support_deploy import rota
from support_project import make, write

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"


def test_it_is_found_from_below(tmp_path: Path) -> None:
    make(tmp_path, {"a/b.sql": "select 1;"})
    found = config.around(tmp_path / "sql/a")
    assert found is not None
    assert (found.name, found.home, found.sql) == ("shop", tmp_path, tmp_path / "sql")


def test_it_may_stand_in_pyproject(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n[tool.rota]\nname = "web-shop"\nsql = "db/sql"\n'
    write(tmp_path, {"pyproject.toml": text, "below/other/file": ""})
    found = config.around(tmp_path / "below/other")
    assert found is not None
    assert (found.name, found.schema, found.sql) == ("web-shop", "web_shop", tmp_path / "db/sql")
    write(tmp_path, {"rota.toml": 'name = "shop"'})
    with pytest.raises(Problem, match="has two descriptions of a project"):
        config.at(tmp_path)


def test_somebody_elses_pyproject_is_no_project(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[project]\nname = "x"\n'})
    assert config.around(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "shop"\nsqll = "x"', "there is no setting sqll"),
        ('name = "shop"\n[alembic]\nurl = ""', "there is no setting alembic"),
        ("", "the project has no name"),
        ("name = 1", "the project has no name"),
        ('name = "Shop"', "'Shop' is no name for a project"),
        (f'name = "{"x" * 41}"', "is no name for a project"),
        ('name = "rota"', "a project cannot be called rota"),
        ('name = "rota-core"', "a project cannot be called rota-core"),
        ('name = "pg-shop"', "a project cannot be called pg-shop"),
        ('name = "foundation"', "a project cannot be called foundation"),
        ('name = "welcome"', "a project cannot be called welcome"),
        ('name = "shop"\nsql = 1', "sql is a folder"),
        ('name = "shop"\nsql = "../sql"', "is outside of the project"),
        ('name = "shop"\nrecipes = "welcome"', "recipes is a list of names"),
        ('name = "shop"\nrecipes = ["soup"]', "there is no recipe soup"),
        ("name = shop", "is no TOML: Invalid value (at line 1, column 8)"),
    ],
)
def test_what_its_description_must_not_say(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, {"rota.toml": text})
    with pytest.raises(Problem) as refused:
        config.at(tmp_path)
    assert words in refused.value.message
    assert str(tmp_path / "rota.toml") in refused.value.message


def test_a_misspelt_setting_is_nearly_another(tmp_path: Path) -> None:
    write(tmp_path, {"rota.toml": 'name = "shop"\nmigration = "x"'})
    done = rota("deploy", "--project", str(tmp_path), url=UNREACHABLE)
    assert done.returncode == errors.ERROR
    assert "there is no setting migration" in done.stderr
    assert "did you mean migrations?" in done.stderr


def test_a_folder_that_is_no_project(tmp_path: Path) -> None:
    done = rota("--project", str(tmp_path), "deploy", url=UNREACHABLE)
    assert done.stderr.startswith(f"Error: {tmp_path} is no project\n")
    done = rota("deploy", "--project", str(tmp_path / "nowhere"), url=UNREACHABLE)
    assert "there is no such folder" in done.stderr
    write(tmp_path, {"rota.toml": 'name = "shop"'})
    done = rota("deploy", "--project", str(tmp_path), url=UNREACHABLE)
    assert done.stderr.startswith("Error: project shop has no folder sql\n")


def test_files_load_as_they_require_each_other_and_then_by_name() -> None:
    texts = {
        "a.sql": "-- requires: z/base.sql, m.sql\nselect 1;",
        "b.sql": "select 1;",
        "m.sql": "-- requires: z/base.sql",
        "z/base.sql": "",
        "c.sql": "-- requires: b.sql\n-- requires: m.sql\n",
        "d.sql": "select '\n  -- requires: nothing.sql';",
    }
    assert load_order.ordered(texts) == ["b.sql", "d.sql", "z/base.sql", "m.sql", "a.sql", "c.sql"]


def test_a_circle_is_named() -> None:
    texts = {
        "a.sql": "-- requires: b.sql",
        "b.sql": "-- requires: c.sql",
        "c.sql": "-- requires: b.sql",
        "d.sql": "",
    }
    with pytest.raises(Problem, match="in a circle") as refused:
        load_order.ordered(texts)
    assert refused.value.detail == "b.sql -> c.sql -> b.sql"
    with pytest.raises(Problem) as refused:
        load_order.ordered({"a.sql": "-- requires: a.sql"})
    assert refused.value.detail == "a.sql -> a.sql"


def test_a_required_file_that_is_not_there() -> None:
    with pytest.raises(Problem) as refused:
        load_order.ordered({"a.sql": "\n-- requires: shema.sql", "schema.sql": ""})
    assert refused.value.message == "sql/a.sql, line 2 requires shema.sql, which does not exist"
    assert refused.value.hint == "did you mean schema.sql?"


def test_hidden_files_are_left_out_and_bytes_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"sql/a.sql": "", "sql/.trash/b.sql": "", "sql/.c.sql": ""})
    assert list(load_order.read(tmp_path / "sql")) == ["a.sql"]
    (tmp_path / "sql/d.sql").write_bytes(b"select '\xff'")
    with pytest.raises(Problem, match=r"sql/d\.sql cannot be read"):
        load_order.read(tmp_path / "sql")


def test_an_index_is_used_where_there_is_one(tmp_path: Path) -> None:
    files = {"install.sql": "\\ir b.sql\n\\ir a.sql\n", "a.sql": "", "b.sql": "", "c.sql": ""}
    project = make(tmp_path, files).project()
    assert [file.path for file in project.files] == ["b.sql", "a.sql"]
    assert project.unlisted() == ["c.sql"]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("create function shop.f() returns int", "create or replace function SHOP.f()",
         "function shop.f is defined twice"),
        ("create view v as select 1", "create view public.v as select 2",
         "view public.v is defined twice"),
        ("select rota.define_task('x', 'shop.f')", "select rota.define_task( name => 'x')",
         "task x is defined twice"),
        ("select rota.subscribe('x', 'public.a')", "-- 'x\nselect rota.subscribe('x')",
         "subscription x is defined twice"),
    ],
)  # fmt: skip
def test_two_files_that_define_the_same(
    tmp_path: Path, first: str, second: str, words: str
) -> None:
    here = make(tmp_path, {"a/one.sql": f"{first};", "two.sql": f"{second};"})
    with pytest.raises(Problem) as refused:
        _ = here.project().files
    assert refused.value.message == words
    assert refused.value.detail == "in a/one.sql and in two.sql"


@pytest.mark.parametrize(
    ("text", "line"),
    [("begin;\nselect 1;\ncommit;", 1), ("select 1; -- commit\n\nCommit;", 3),
     ("select 1;\n/* x */ start transaction;", 2), ("select $$ begin; $$;\nrollback;", 2)],
)  # fmt: skip
def test_a_file_must_not_end_the_transaction(tmp_path: Path, text: str, line: int) -> None:
    here = make(tmp_path, {"a.sql": text})
    with pytest.raises(Problem, match=rf"^sql/a\.sql, line {line}: .* has no place in") as refused:
        _ = here.project().files
    assert refused.value.hint == "take it out"


@pytest.mark.parametrize(
    "text",
    ["create procedure p() language plpgsql as $$ begin commit; end $$;",
     "create function f() returns int begin atomic select 1; end;",
     "select 'x; commit;'; -- ; begin\n/* ; rollback; */"],
)  # fmt: skip
def test_what_only_looks_like_the_end_of_a_transaction(tmp_path: Path, text: str) -> None:
    assert make(tmp_path, {"a.sql": text}).project().files
