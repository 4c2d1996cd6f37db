"""What rota init, new and recipe write is deployed, tested and linted as it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import Clone, Harness
from pgrota import additions, config, errors, project, scaffold, shipped
from pgrota.errors import Problem
from pgrota.server import Server
from support_deploy import rota
from support_project import make, put, write

EVERYTHING = (
    ("task", "send-invoices"), ("schedule", "nightly", "--task", "send-invoices"),
    ("schedule", "weekly", "--cron", "0 5 * * mon"), ("migration", "invoices"),
    ("migration", "more"), ("recipe", "refunds"),
)  # fmt: skip


def ok(home: Path, *arguments: str, url: str | None = None) -> str:
    done = rota("--project", str(home), *arguments, url=url)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def has(server: Server, extension: str) -> bool:
    with server.connect() as connection:
        query = "select name from pg_available_extensions where name = %s"
        return connection.execute(query, [extension]).fetchone() is not None


@pytest.mark.parametrize("options", [(), ("--migrations",)])
def test_a_new_project_works(database: Clone, tmp_path: Path, options: tuple[str, ...]) -> None:
    home = tmp_path / "web-shop"
    said = rota("init", str(home), *options)
    assert said.returncode == 0, said.stderr
    assert f"project web-shop is ready in {home}" in said.stdout
    assert "+ function  web_shop.report_size(jsonb)" in ok(home, "deploy", url=database.url())
    assert ok(home, "deploy", url=database.url()).startswith("nothing to do")
    database.run("select rota.start('web-shop-size')")
    database.run("call rota.work(budget => '0.2 s')", user="rota_worker")
    output = "select (r.output ->> 'bytes')::bigint > 0 from rota.runs as r"
    assert database.value(output)


def test_everything_new_is_tested_and_linted(server: Server, tmp_path: Path) -> None:
    scaffold.init(tmp_path, "shop")
    for arguments in EVERYTHING:
        ok(tmp_path, "new", *arguments)
    write(tmp_path, {"sql/own.sql": "create or replace view public.own as select 1 as one;\n"})
    if has(server, "pgtap"):
        said = json.loads(ok(tmp_path, "test", "--json", url=server.url()))
        assert said["passed"]
        assert len(said["files"]) == 6
        assert sum(len(each["assertions"]) for each in said["files"]) == 20
    pytest.importorskip("sqlfluff")
    assert ok(tmp_path, "lint", url=server.url()) == "nothing found\n"
    with server.connect() as connection:
        query = "select datname from pg_database where starts_with(datname, 'rota_test_')"
        assert connection.execute(query).fetchall() == []


def test_every_recipe_can_be_copied(database: Clone, tmp_path: Path) -> None:
    scaffold.init(tmp_path, "shop")
    here = config.at(tmp_path)
    for name in project.recipes():
        alone = tmp_path / f"alone/{name}"
        scaffold.init(alone, "alone")
        brought = set(shipped.add(config.at(alone), shipped.recipe(name)))
        # A copy of its own brings the migrations of its own, a second one only what is missing.
        assert set(shipped.add(here, shipped.recipe(name))) <= brought
    put(database, here)
    assert put(database, here).changes == []
    tasks = set(database.run("select t.name from rota.tasks as t"))
    assert {("welcome",), ("night-batch",), ("process-payment",), ("shop-size",)} <= tasks
    with pytest.raises(Problem, match=r"^sql/welcome/write_message.sql, .* exist already"):
        shipped.add(here, shipped.recipe("welcome"))


def test_a_copy_takes_over_from_the_recipe(harness: Harness, tmp_path: Path) -> None:
    clone = harness.clone(template=harness.recipes().name)
    here = make(tmp_path, {})
    shipped.add(here, shipped.recipe("welcome"), tables=False)
    put(clone, here)
    owner = "select o.project from rota_core.deployed_object as o where o.identity = %s"
    assert clone.value(owner, "welcome.write_message(jsonb)") == "shop"
    assert put(clone, here).changes == []
    clone.close()


def test_a_recipe_says_what_it_is() -> None:
    assert "Who signs up is welcomed at once" in rota("recipe", "list").stdout
    said = rota("recipe", "show", "payment").stdout
    for words in ("An order is charged once", "Refunds", "task process-payment",
                  "process_payment.py", "PAYMENT_GATEWAY_URL: where charges"):  # fmt: skip
        assert words in said
    shown = json.loads(rota("recipe", "show", "welcome", "--json").stdout)
    assert {"kind": "subscription", "name": "welcome"} in shown["definitions"]
    wrong = rota("recipe", "show", "welcom")
    assert wrong.returncode == errors.ERROR
    assert "Nearly so: welcome" in wrong.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write(tmp_path, {"pgtap/report_size.sql": "mine"})
    with pytest.raises(Problem, match=r"^pgtap/report_size.sql exists already"):
        scaffold.init(tmp_path, "shop")
    assert [path.name for path in tmp_path.iterdir()] == ["pgtap"]
    (tmp_path / "pgtap/report_size.sql").unlink()
    write(tmp_path, {".gitignore": "mine"})
    scaffold.init(tmp_path, "shop", migrations=True)
    assert (tmp_path / ".gitignore").read_text() == "mine"
    with pytest.raises(Problem, match="is a project already: shop"):
        scaffold.init(tmp_path, "shop")
    here = config.at(tmp_path)
    additions.task(here, "send")
    with pytest.raises(Problem, match="task send exists already"):
        additions.task(here, "send")
    with pytest.raises(Problem, match=r"^function shop.report_size exists already"):
        additions.task(here, "report-size")
    additions.schedule(here, "nightly", "send", "0 3 * * *")
    with pytest.raises(Problem, match="schedule nightly exists already"):
        additions.schedule(here, "nightly", "send", "0 4 * * *")
    additions.revision(here, "first")
    with pytest.raises(Problem, match=r"^migrations/versions/0001_first.py exists already"):
        additions.revision(here, "first")
    additions.revision(here, "add-second")
    assert additions.revision(here, "second") == ["migrations/versions/0003_second.py"]
    with pytest.raises(Problem, match=r"^pgtap/send.sql exists already"):
        additions.test(here, "shop.send")
    (tmp_path / "pgtap/send.sql").unlink()
    assert additions.test(here, "send") == ["pgtap/send.sql"]


@pytest.mark.parametrize(
    ("add", "arguments", "words"),
    [
        (additions.task, ("Send",), "'Send' is no name for a task"),
        (additions.task, ("../send",), "'../send' is no name for a task"),
        (additions.recipe, ("rota-core",), "a recipe cannot be called rota-core"),
        (additions.recipe, ("welcome",), "there is a recipe welcome already"),
        (additions.test, ("shop.report",), "no file of shop makes a function shop.report"),
        (additions.schedule, ("x", None, "abc"), "'abc' says no times"),
        (additions.schedule, ("x", None, "* * * *"), "'* * * *' says no times"),
        (additions.schedule, ("x", "nope", "@daily"), "no file of shop defines the task nope"),
        (additions.revision, ("a b",), "'a b' is no name for a migration"),
    ],
)
def test_what_cannot_be_added(tmp_path: Path, add, arguments, words: str) -> None:
    scaffold.init(tmp_path, "shop")
    with pytest.raises(Problem) as refused:
        add(config.at(tmp_path), *arguments)
    assert refused.value.message == words


def test_what_to_type_next_can_be_typed(tmp_path: Path) -> None:
    done = rota("init", str(tmp_path / "My Shop!"), "--name", "shop")
    assert f"cd '{tmp_path}/My Shop!'; rota dev up" in done.stderr


@pytest.mark.parametrize(("folder", "words"), [("1", "is no name for"), ("rota", "be called rota")])
def test_a_folder_whose_name_will_not_do(tmp_path: Path, folder: str, words: str) -> None:
    done = rota("init", str(tmp_path / folder))
    assert done.returncode == errors.ERROR
    assert words in done.stderr
    assert "rota init --name" in done.stderr
    assert not (tmp_path / folder).exists()


def test_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (("new", "task", "x"), ("test",), ("lint",), ("recipe", "add", "welcome")):
        done = rota(*command, url="postgresql://127.0.0.1:1/none")
        assert done.returncode == errors.ERROR
        assert done.stderr.startswith("Error: there is no project here\n")


def test_new_files_are_named_in_an_index(tmp_path: Path) -> None:
    here = make(tmp_path, {"install.sql": "\\ir a.sql", "a.sql": ""})
    assert additions.task(here, "send")[-1] == "sql/install.sql"
    text = (tmp_path / "sql/install.sql").read_text()
    assert text == "\\ir a.sql\n\\ir schema.sql\n\\ir send.sql\n"
    assert [file.path for file in here.project().files] == ["a.sql", "schema.sql", "send.sql"]
