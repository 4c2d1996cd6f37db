"""The command `rota`: which commands there are, and how its errors look."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from pgrota import __version__, errors

# name: (module below pgrota.commands, attribute, short help), so that --help imports nothing.
COMMANDS = {
    "dev": ("dev", "dev", "Start, stop and open a private server for development."),
    "demo": ("demo", "demo", "Show the night batch at work, crash included."),
    "init": ("init", "init", "Make a project: SQL, tests, a CI file."),
    "new": ("new", "new", "Add a task, schedule, migration, test or recipe to it."),
    "recipe": ("recipe", "recipe", "Ready-made automations: list, show, copy."),
    "lint": ("lint", "lint", "Check the SQL of the project."),
    "test": ("test", "test", "Run the tests of the project."),
    "plan": ("plan", "plan", "Show what a deploy would change."),
    "drift": ("drift", "drift", "Show what others have changed on the server."),
    "deploy": ("deploy", "deploy", "Install or upgrade rota in a database."),
    "adopt": ("adopt", "adopt", "Make files of the jobs that stand in cron.job."),
    "export": ("export", "export", "Write the deploy down as Supabase migrations."),
    "remove": ("remove", "remove", "Remove a project, or rota itself, from a database."),
    "log": ("log", "log", "What was deployed when, by whom, from which commit."),
    "rollback": ("rollback", "rollback", "Go back to what an earlier deploy had made."),
    "status": ("status", "status", "Health, workers, schedules and recent failures."),
    "doctor": ("doctor", "doctor", "Say what is wrong and what to type."),
    "run": ("run", "run", "Start, list, show, follow, cancel and retry runs; artifacts."),
    "task": ("task", "task", "List, show, pause and resume tasks."),
    "pipeline": ("pipeline", "pipeline", "Pipelines: list, show, graph, run, signal, skip."),
    "schedule": ("schedule", "schedule", "Schedules: next times, history, a week; pause, run."),
    "event": ("event", "event", "The event log: list, follow, show and emit events."),
    "subscription": ("subscription", "subscription", "Who reads events: lag, pause, replay."),
    "dead-letters": ("dead_letters", "dead_letters", "Events that could not be delivered."),
    "watch": ("watch", "watch", "Tables whose changes are captured."),
    "logs": ("logs", "logs", "Show log lines, or follow them."),
    "worker": ("worker", "worker", "Work from here, without pg_cron or in Python."),
    "completion": ("completion", "completion", "Complete with Tab in bash, zsh and fish."),
}


@dataclass
class Options:
    """What was given before or after the command."""

    database_url: str | None = None
    project: str | None = None
    json: bool = False


def _keep(name: str):
    def callback(context: click.Context, _: click.Parameter, value):
        options = context.ensure_object(Options)
        if value:
            setattr(options, name, value)

    return callback


def common_options() -> list[click.Option]:
    """Options that every command understands, wherever they stand."""
    return [
        click.Option(
            ["--database-url"],
            metavar="URL",
            expose_value=False,
            callback=_keep("database_url"),
            help="The database. Default: ROTA_DATABASE_URL, DATABASE_URL, .env, rota dev, libpq.",
        ),
        click.Option(
            ["--project", "project_folder"],
            metavar="DIR",
            expose_value=False,
            callback=_keep("project"),
            help="The project. Default: the folder with rota.toml, from here upwards.",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_keep("json"),
            help="Print JSON.",
        ),
    ]


class Unavailable(click.Command):
    """A command whose module cannot be loaded: listed, and clear about why when it is called."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, context_settings={"ignore_unknown_options": True})
        self.params = [click.Argument(["anything"], nargs=-1)]
        self.reason = reason

    def invoke(self, context: click.Context):
        raise errors.Problem(f"rota {self.name} is not available", self.reason)


class LazyGroup(click.Group):
    """A group that imports a command when it is called, and never to list it."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        path = f"pgrota.commands.{module}"
        try:
            command = getattr(importlib.import_module(path), attribute)
        except ModuleNotFoundError as error:
            return Unavailable(name, str(error))
        _attach(command)
        if os.environ.get("_ROTA_COMPLETE"):
            _offer_names(command)
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list:
        """The commands with their short help, none of them imported."""
        from click.shell_completion import CompletionItem

        listed = [
            CompletionItem(name, help=entry[2])
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return listed + click.Command.shell_complete(self, context, incomplete)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])


def _attach(command: click.Command) -> None:
    taken = {option for parameter in command.params for option in parameter.opts}
    command.params += [o for o in common_options() if not taken & set(o.opts)]
    for child in getattr(command, "commands", {}).values():
        _attach(child)


def _offer_names(command: click.Command, group: str | None = None) -> None:
    from pgrota.completion import offer_names

    offer_names(command, group)
    for child in getattr(command, "commands", {}).values():
        _offer_names(child, command.name)


@click.group(
    cls=LazyGroup,
    params=common_options(),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: rota dev up, rota deploy, rota status.",
)
@click.version_option(__version__, prog_name="rota")
@click.pass_context
def rota(context: click.Context) -> None:
    """Automation that lives inside PostgreSQL."""
    context.ensure_object(Options)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point. Ends the process with one of the exit codes of errors.py."""
    options = Options()
    try:
        result = rota.main(
            args=None if arguments is None else list(arguments),
            prog_name="rota",
            standalone_mode=False,
            obj=options,
            color=False if os.environ.get("NO_COLOR") else None,
        )
        sys.stdout.flush()
        code = result if isinstance(result, int) and not isinstance(result, bool) else errors.OK
    except (KeyboardInterrupt, click.exceptions.Abort) as stop:
        # click turns the one into the other.
        interrupted = isinstance(stop.__cause__ or stop, KeyboardInterrupt)
        click.echo("interrupted" if interrupted else "aborted", err=True)
        code = 130 if interrupted else errors.ERROR
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except BrokenPipeError:
        # The reader has gone; without this the interpreter would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = errors.OK
    except Exception as error:
        code = _show(error, options.json)
    sys.exit(code)


def _show(error: Exception, as_json: bool) -> int:
    from pgrota.masking import mask, mask_all

    if os.environ.get("ROTA_TRACEBACK"):
        import traceback

        click.echo(mask("".join(traceback.format_exception(error)), pieces=True), err=True)
    problem = _as_problem(error)
    if as_json and isinstance(problem, errors.Problem):
        import json

        error_shown = mask_all(problem.as_json())
        click.echo(json.dumps({"error": error_shown}, ensure_ascii=False, default=str), err=True)
        return problem.exit_code
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        click.echo(problem.ctx.get_usage(), err=True)
    click.echo(mask(f"Error: {problem.format_message()}"), err=True)
    return problem.exit_code


def _as_problem(error: Exception) -> click.ClickException:
    if isinstance(error, click.ClickException):
        return error
    psycopg = sys.modules.get("psycopg")
    if psycopg is not None and isinstance(error, psycopg.Error):
        return errors.Refusal(error)
    return errors.Problem(
        f"unexpected {type(error).__name__}: {error}",
        hint="set ROTA_TRACEBACK=1 to see where, and report it",
    )


if __name__ == "__main__":
    main()
