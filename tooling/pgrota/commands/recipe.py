"""rota recipe: ready-made automations."""

from __future__ import annotations

import click

from pgrota import config, output, shipped
from pgrota.commands.init import show as show_files


@click.group(epilog="Example: rota recipe show welcome")
def recipe() -> None:
    """Ready-made automations: to deploy as they are, or to copy and edit."""


@recipe.command("list", epilog="Example: rota recipe list")
def list_() -> None:
    """List the recipes that are shipped."""
    rows = [
        {
            "name": one.name,
            "what": "; ".join(one.said("goals")[:1]),
            "definitions": ", ".join(str(d) for d in one.definitions),
        }
        for one in shipped.recipes()
    ]
    output.table(rows, {"name": "recipe", "what": "what it is for", "definitions": "definitions"})


@recipe.command(epilog="Example: rota recipe show welcome")
@click.argument("name")
def show(name: str) -> None:
    """Show what a recipe does, its files, its definitions and its settings."""
    one = shipped.recipe(name)
    described = one.as_json()
    if output.wants_json():
        output.data(described)
        return
    click.secho(one.name, bold=True)
    _section("for", described["goals"])
    _section("does", described["scope"])
    _section("does not", described["excluded"])
    _section("defines", [str(definition) for definition in one.definitions])
    _section("files", described["files"])
    _section("tables from", [title.rstrip(".") for title in described["migrations"]])
    _section("settings", [f"{key}: {words}" for key, words in described["settings"].items()])
    click.echo(
        f"\n  rota deploy --recipe {name}   as it is\n  rota recipe add {name}        a copy"
    )


@recipe.command(epilog="Example: rota recipe add welcome")
@click.argument("name")
@click.option("--no-migrations", is_flag=True, help="Without its tables: yours are there already.")
def add(name: str, no_migrations: bool) -> None:
    """Copy a recipe into the project, where it can be edited."""
    here = config.needed()
    files = shipped.add(here, shipped.recipe(name), tables=not no_migrations)
    if output.wants_json():
        output.data({"files": files})
    else:
        show_files([path for path in files if not path.endswith(".gitkeep")])
    folder = f"{here.short(here.sql)}/"
    for path in files:
        if path.startswith(folder) and path.endswith(".py"):
            module = path.removesuffix(".py").replace("/", ".")
            output.progress(f"It has a handler in Python: rota worker --handlers {module}")


def _section(title: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        click.echo(f"  {'' if number else title:<11} {line}")
