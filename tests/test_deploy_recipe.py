"""Recipes are deployed with the engine, again and again, and change nothing the second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness import Clone
from pgrota import errors, project
from pgrota.database import Database
from pgrota.deploy import deploy
from pgrota.removal import remove
from pgrota.server import Server
from support_deploy import bare, new_database, rota
from support_event import drain


@pytest.mark.parametrize("recipe", project.recipes())
def test_the_second_deploy_of_a_recipe_changes_nothing(database: Clone, recipe: str) -> None:
    first = deploy(database.url(), recipes=(recipe,))
    assert first.changed
    # The recipe's role was given rights on the engine meanwhile: they are no change either.
    for _ in range(2):
        again = deploy(database.url(), recipes=(recipe,))
        assert [change.as_json() for change in again.changes] == []
        assert again.notes == []
    roles = database.run("select distinct t.run_as from rota.tasks as t where t.run_as is not null")
    assert roles == ([] if recipe in ("payment", "data_sync") else [(recipe,)])
    for (role,) in roles:
        assert database.value(
            "select has_function_privilege(%s, 'rota.log(text, text, jsonb)', 'execute')", role
        )


def test_definitions_that_were_edited_are_stated_again(database: Clone) -> None:
    recipes = project.recipes()
    deploy(database.url(), recipes=recipes)
    watches = database.run("select w.* from rota.watches as w order by w.name")
    for recipe in recipes:
        text = (project.recipe(recipe).folder / "definitions.sql").read_text()
        database.run(text)
    assert database.run("select w.* from rota.watches as w order by w.name") == watches


def test_a_deployer_who_is_no_superuser(make_server: Callable[..., Server]) -> None:
    server = bare(make_server)
    with server.connect() as connection:
        connection.execute("create role plain login createrole")
    database = new_database(server, "app", owner="plain")
    recipes = project.recipes()
    deploy(database.url("plain"), recipes=recipes)
    assert deploy(database.url("plain"), recipes=recipes).changes == []
    database.run(
        "insert into public.users (email, name) values ('ada@example.com', 'Ada')", user="plain"
    )
    drain(database)
    assert database.run("select m.recipient from welcome.messages as m", user="plain") == [
        ("ada@example.com",)
    ]
    remove(Database(database.url("plain")))
    left = "select count(*) from pg_trigger as t where not t.tgisinternal"
    assert database.value(left) == 0
    assert database.value("select count(*) from welcome.messages") == 1


@pytest.mark.parametrize(
    ("recipe", "words"),
    [("soup", "there is no recipe soup"), ("welcome", "recipe welcome has no handlers in Python")],
)
def test_a_worker_for_a_recipe_without_handlers(recipe: str, words: str) -> None:
    done = rota("worker", "--recipe", recipe, url="postgresql://127.0.0.1:1/none")
    assert done.returncode == errors.ERROR
    assert done.stderr.startswith(f"Error: {words}")
