"""What the Tab key offers beyond commands and options: names from the database."""

from __future__ import annotations

import threading
from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

PATIENCE = 1.0
MOST = 200

# Where names come from: of an argument `name` in the group of that name, and of any argument or
# option that is called so.
VIEWS = {
    "task": "rota.tasks",
    "schedule": "rota.schedules",
    "subscription": "rota.subscriptions",
    "watch": "rota.watches",
    "pipeline": "rota.pipelines",
    "PROJECT": "(select distinct d.project as name from rota.deploys as d)",
    "STEP": "(select s.step as name from rota.pipeline_steps as s where s.run_id = {run_id})",
}


def offer_names(command: click.Command, group: str | None) -> None:
    """Let the parameters of a command that take a name complete it."""
    for parameter in command.params:
        kind = _kind(parameter, group)
        if isinstance(parameter.type, click.Choice):
            continue
        if kind == "recipe":
            parameter._custom_shell_complete = _recipes
        elif kind in VIEWS:
            parameter._custom_shell_complete = _names(VIEWS[kind])


def _kind(parameter: click.Parameter, group: str | None) -> str | None:
    if (parameter.metavar or "").strip("[]") == "PROJECT":
        return "PROJECT"
    if parameter.name in ("step", "from_step"):
        return "STEP"
    if parameter.name == "recipes":
        return "recipe"
    is_own = parameter.name in ("name", "names") and isinstance(parameter, click.Argument)
    return group if is_own else parameter.name


def _recipes(_: click.Context, __: click.Parameter, start: str) -> list[CompletionItem]:
    from pgrota import project

    return [CompletionItem(name) for name in project.recipes() if name.startswith(start)]


def _names(view: str) -> Callable[..., list[CompletionItem]]:
    def complete(context: click.Context, _: click.Parameter, start: str) -> list[CompletionItem]:
        option = getattr(context.find_root().obj, "database_url", None)
        # Before an option without its value yet, arguments stay what they were typed as.
        typed = [context.params.get("run_id"), *context.args]
        run_id = next((int(word) for word in typed if str(word).isdecimal()), "null")
        source = view.format(run_id=run_id)
        found: list[str] = []
        # A name server or a firewall may keep us waiting longer than any timeout of libpq.
        asking = threading.Thread(target=_ask, args=(option, source, start, found), daemon=True)
        asking.start()
        asking.join(PATIENCE)
        return [CompletionItem(name) for name in list(found)]

    return complete


def _ask(option: str | None, view: str, start: str, found: list[str]) -> None:
    """Whatever goes wrong, there is nothing to offer, and no place to say why."""
    try:
        from pgrota.database import Database

        database = Database.resolve(option)
        with database.connect(connect_timeout=2, autocommit=False) as connection:
            connection.execute("set transaction read only")
            connection.execute("set local statement_timeout = '700ms'")
            query = (
                f"select v.name from {view} as v where starts_with(v.name, %s)"
                " order by v.name limit %s"
            )
            found += [name for (name,) in connection.execute(query, [start, MOST])]
    except Exception:
        return
