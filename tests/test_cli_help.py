"""The help of every command: short, quick, and with an example that can be typed."""

from __future__ import annotations

import shlex

import click
import pytest

from pgrota import cli
from support_commands import commands, examples

ALL = [pytest.param(path, command, id=" ".join(path)) for path, command in commands()]


def parse(words: list[str]) -> list[str]:
    """The path of the command that the words call; a usage error where they do not fit."""
    context = cli.rota.make_context("rota", list(words), obj=cli.Options())
    path = []
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, rest)
        path.append(name)
        context = command.make_context(name, rest, parent=context)
    return path


def test_the_walk_finds_them() -> None:
    paths = {path for path, _ in commands()}
    assert {("deploy",), ("run", "start"), ("dev", "psql"), ("dead-letters", "redrive")} <= paths
    assert {path[0] for path in paths} == set(cli.COMMANDS)


@pytest.mark.parametrize(("path", "command"), ALL)
def test_it_has_an_example_that_parses(path: tuple[str, ...], command: click.Command) -> None:
    assert (command.epilog or "").startswith("Example: rota "), "the epilog is its example"
    for example in examples(command):
        called = parse(shlex.split(example)[1:])
        assert called[: len(path)] == list(path), example


@pytest.mark.parametrize(("path", "command"), ALL)
def test_its_help_is_whole(path: tuple[str, ...], command: click.Command) -> None:
    with click.Context(command, info_name=" ".join(("rota", *path)), terminal_width=80) as context:
        shown = command.get_help(context)
    for example in examples(command):
        assert example in shown, "an example that is broken into lines cannot be copied"
    assert command.help, "it says what it does"
    assert max(map(len, shown.splitlines())) <= 100


def test_an_example_that_does_not_fit_would_be_found() -> None:
    for wrong in ("deploy --reciple x", "run start", "run follow five", "task nothing"):
        with pytest.raises(click.UsageError):
            parse(shlex.split(wrong))
