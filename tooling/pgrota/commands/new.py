"""rota new: more of a project, from templates."""

from __future__ import annotations

import click

from pgrota import additions, config, output
from pgrota.commands.init import show


@click.group(epilog="Example: rota new task send-invoices")
def new() -> None:
    """Add a task, a schedule, a migration, a test or a recipe to the project.

    What is added can be deployed, tested and linted as it stands. Nothing is overwritten.
    """


@new.command(epilog="Example: rota new task send-invoices")
@click.argument("name")
def task(name: str) -> None:
    """Add the task NAME: its handler, and its test."""
    _done(additions.task(config.needed(), name))


@new.command(epilog="Example: rota new schedule nightly --task send-invoices --cron '0 3 * * *'")
@click.argument("name")
@click.option("--task", "task_name", metavar="TASK", help="The task. Default: the one called NAME.")
@click.option("--cron", default="0 3 * * *", show_default=True, help="When, in UTC.")
def schedule(name: str, task_name: str | None, cron: str) -> None:
    """Add the schedule NAME of a task. If there is no task called so, it is added too."""
    _done(additions.schedule(config.needed(), name, task_name, cron))


@new.command(epilog="Example: rota new migration invoices")
@click.argument("name")
def migration(name: str) -> None:
    """Add a migration: tables, types, indexes and data, what happens once."""
    _done(additions.revision(config.needed(), name))


@new.command(epilog="Example: rota new test shop.send_invoices")
@click.argument("function")
def test(function: str) -> None:
    """Add a test of FUNCTION, which a file of the project makes."""
    _done(additions.test(config.needed(), function))


@new.command(epilog="Example: rota new recipe refunds")
@click.argument("name")
def recipe(name: str) -> None:
    """Add a folder that holds all of an automation: schema, handler, definitions, test."""
    _done(additions.recipe(config.needed(), name))


def _done(files: list[str]) -> None:
    if output.wants_json():
        output.data({"files": files})
    else:
        show(files)
