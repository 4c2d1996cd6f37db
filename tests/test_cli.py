"""The command line itself: help, errors, exit codes, output."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import psycopg
import pytest

from harness import Clone
from pgrota import cli, errors, output
from support_deploy import rota

UNREACHABLE = "postgresql://nobody@127.0.0.1:1/none"
TRACES = ("Traceback", 'File "')


def test_help_imports_no_database_and_no_tables() -> None:
    script = (
        "import sys; from pgrota.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not {"psycopg", "rich", "alembic", "sqlalchemy"} & set(done.stderr.split())
    for name, (_, _, words) in cli.COMMANDS.items():
        assert name in done.stdout
        assert words in done.stdout


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_each_command_has_help_with_an_example(name: str) -> None:
    done = rota(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: rota " + name in done.stdout
    assert "--json" in done.stdout
    assert "--database-url" in done.stdout


def test_version() -> None:
    assert rota("--version").stdout.startswith("rota, version ")


def test_a_command_without_its_module_is_listed_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "later", ("later", "later", "Something to come."))
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    assert "Something to come." in capsys.readouterr().out
    with pytest.raises(SystemExit) as left:
        cli.main(["later", "--whatever", "x"])
    assert left.value.code == errors.ERROR
    assert "rota later is not available" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [("deplyo",), ("deploy", "--reciple", "x"), ("deploy", "x")])
def test_wrong_usage_ends_with_code_2(wrong: tuple[str, ...]) -> None:
    done = rota(*wrong)
    assert done.returncode == errors.USAGE
    assert "Usage:" in done.stderr
    assert not any(trace in done.stderr for trace in TRACES)


def test_no_way_to_the_database_ends_with_code_8() -> None:
    done = rota("deploy", url=UNREACHABLE)
    assert done.returncode == errors.CANNOT_CONNECT
    assert done.stdout == ""
    assert "cannot connect to the database (ROTA_DATABASE_URL:" in done.stderr
    assert "Hint: " in done.stderr
    assert not any(trace in done.stderr for trace in TRACES)


def test_an_unknown_recipe_is_named() -> None:
    done = rota("deploy", "--recipe", "soup", url=UNREACHABLE)
    assert done.returncode == errors.ERROR
    assert done.stderr.startswith("Error: there is no recipe soup")


def test_errors_as_json() -> None:
    done = rota("deploy", "--json", url=UNREACHABLE)
    error = json.loads(done.stderr)["error"]
    assert error["message"].startswith("cannot connect")
    assert error["hint"]


@pytest.mark.parametrize("place", [("--json", "plan"), ("plan", "--json")])
def test_json_before_and_after_the_command(database: Clone, place: tuple[str, str]) -> None:
    assert "changed" in json.loads(rota(*place, url=database.url()).stdout)


def show(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """How main() shows an error that a command lets through."""

    @click.command()
    def failing() -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        patch.setattr(cli.LazyGroup, "get_command", lambda *_: failing)
        cli.main(["failing"])
    return left.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select 1 / 0", errors.ERROR),
        ("select rota.cancel(1)", errors.ERROR),
        ("do $$ begin raise lock_not_available; end $$", errors.LOCK),
        ("do $$ begin raise deadlock_detected; end $$", errors.LOCK),
        ("do $$ begin raise admin_shutdown; end $$", errors.CANNOT_CONNECT),
        ("do $$ begin raise connection_failure; end $$", errors.CANNOT_CONNECT),
    ],
)
def test_exit_codes_of_the_databases_errors(
    rolled_back: psycopg.Connection, capsys: pytest.CaptureFixture[str], statement: str, code: int
) -> None:
    with pytest.raises(psycopg.Error) as error:
        rolled_back.execute(statement)
    shown = show(error.value, capsys)
    assert shown[0] == code
    assert not any(trace in shown[1] for trace in TRACES)


def test_message_detail_and_hint_are_shown(
    rolled_back: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(psycopg.Error) as error:
        rolled_back.execute(
            "do $$ begin raise exception using message = 'no', detail = 'why', hint = 'do'; end $$"
        )
    assert show(error.value, capsys) == (1, "Error: no\nwhy\nHint: do\n")


def test_anything_unexpected_has_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = show(KeyError("x"), capsys)
    assert code == errors.ERROR
    assert shown.startswith("Error: unexpected KeyError: 'x'")
    assert not any(trace in shown for trace in TRACES)


def test_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(KeyboardInterrupt(), capsys)[0] == 130


def test_a_reader_that_goes_away_is_no_error(database: Clone) -> None:
    command = f"{sys.executable} -m pgrota.cli doctor --database-url '{database.url()}' | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_tables_are_whole_and_plain_when_nobody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    output.table([{"name": "x" * 90, "run_id": 7, "none": None, "yes": True}], title="Things")
    shown = capsys.readouterr().out
    assert "x" * 90 in shown
    assert "\x1b[" not in shown
    assert "run id" in shown


def test_colours_only_where_wanted(database: Clone) -> None:
    script = (
        "import pty, sys; sys.exit(pty.spawn([sys.executable, '-m', 'pgrota.cli', 'doctor',"
        f" '--database-url', '{database.url()}']) >> 8)"
    )
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, stdin=-3,
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm"} | variables,
        )  # fmt: skip
        assert ("\x1b[3" in done.stdout) is coloured
