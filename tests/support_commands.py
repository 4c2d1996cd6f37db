"""Every command and its example, calling one here, and what doctor says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from harness import Clone
from pgrota import cli, diagnosis, masking
from pgrota.database import Database

Run = Callable[..., tuple[int, str]]


def commands(
    command: click.Command = cli.rota, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group below `rota`."""
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def examples(command: click.Command) -> list[str]:
    return re.findall(r"(?:^|: )(rota .+)$", command.epilog or "", re.M)


# Those that have a server of their own, no use for an address, or nothing to do without a project.
APART = ("dev", "demo", "completion", "init", "new", "recipe", "test", "lint", "export")
EXAMPLES = {
    " ".join(path): (*path, *shlex.split(examples(command)[0])[1 + len(path) :])
    for path, command in commands()
    if path[0] not in APART and not hasattr(command, "commands")
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call a command here, as if nothing had been called before: its exit code, and all it says."""
    for name in ("ROTA_DATABASE_URL", "DATABASE_URL", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def called(*words: str, **variables: str) -> tuple[int, str]:
        monkeypatch.setattr(masking, "_known", set())
        monkeypatch.setattr(masking, "_pieces", set())
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as left:
            for name, value in variables.items():
                patch.setenv(name, value)
            cli.main(words)
        shown = capsys.readouterr()
        return left.value.code, shown.out + shown.err

    return called


def check(database: Clone, name: str, user: str = "postgres") -> dict | None:
    rows = diagnosis.checks(Database(database.url(user)))
    return next((row for row in rows if row["check_name"] == name), None)
