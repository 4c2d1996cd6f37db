"""Completion, asked of the shells themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import Clone, harness_of
from support_deploy import rota
from support_process import environment

ASK = {
    "bash": """
source <(rota completion bash)
COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_rota_completion rota
printf '%s\\n' "${{COMPREPLY[@]}}"
""",
    "fish": 'rota completion fish | source\ncomplete -C "{words}"\n',
    # What zsh would offer is what its function hands to these two.
    "zsh": """
compdef() {{ }}
_describe() {{ print -l -- ${{(P)3}} }}
compadd() {{ print -l -- ${{(P)5}} }}
source <(rota completion zsh)
words=({words}) CURRENT=$#words
_rota_completion
""",
}
PLAIN = {"bash": "--norc", "fish": "--no-config", "zsh": "-f"}
Ask = Callable[..., list[str]]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """What a shell offers after these words, the last of which is being typed."""
    program = tmp_path / "rota"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pgrota.cli "$@"\n')
    program.chmod(0o755)

    def asked(shell: str, words: str, url: str = "") -> list[str]:
        found = shutil.which(shell)
        if found is None:
            pytest.skip(f"{shell} is not installed")
        variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        if url:
            variables["ROTA_DATABASE_URL"] = url
        script = ASK[shell].format(words=words)
        done = subprocess.run(
            [found, PLAIN[shell], "-c", script],
            env=environment(**variables),
            capture_output=True, text=True, timeout=60, cwd=tmp_path,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout.splitlines()

    return asked


def plain(lines: list[str]) -> list[str]:
    """The words without their descriptions, which are set off by a tab or a colon."""
    return sorted(line.split("\t")[0].split(":")[0] for line in lines if line)


@pytest.mark.parametrize("shell", ASK)
def test_a_shell_completes(ask: Ask, shell: str, database: Clone) -> None:
    database.run("create function public.nap() returns void language sql as ''")
    for name in ("nightly", "night-two", "other"):
        database.run(f"select rota.define_task('{name}', 'public.nap')")
    offered = ask(shell, "rota de")
    assert plain(offered) == ["dead-letters", "demo", "deploy", "dev"]
    if shell != "bash":
        assert any("crash included." in line for line in offered), "descriptions are whole"
    url = database.url()
    assert plain(ask(shell, "rota task show ni", url)) == ["night-two", "nightly"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("rota task pa", ["pause"]),
        ("rota deploy --rec", ["--recipe"]),
        ("rota run list --state f", ["failed"]),
        ("rota completion ''", ["bash", "fish", "zsh"]),
        ("rota subscription show we", ["welcome"]),
        ("rota dead-letters list we", ["welcome"]),
        ("rota schedule week early ea", ["early"]),
        ("rota run list --task na", ["nap"]),
        ("rota watch show public.", ["public.thing"]),
        ("rota run show 1", []),
        ("rota recipe show night", ["night_batch"]),
        ("rota deploy --recipe da", ["data_report", "data_sync"]),
        ("rota log --of ro", ["rota"]),
        ("rota pipeline skip {run_id} fi", ["first"]),
        ("rota run retry {run_id} --from-step se", ["second"]),
        ("rota nothing x", []),
    ],
)
def test_what_is_offered(ask: Ask, named: tuple[str, int], words: str, offered: list[str]) -> None:
    url, run_id = named
    assert plain(ask("bash", words.format(run_id=run_id), url)) == offered


@pytest.fixture(scope="module")
def named(request: pytest.FixtureRequest) -> tuple[str, int]:
    """The address of a database with something of each kind, and a run of its pipeline."""
    clone = harness_of(request.config).clone()
    clone.run("create function public.nap() returns void language sql as ''")
    clone.run("create table public.thing (id int primary key)")
    clone.run("select rota.define_task('nap', 'public.nap')")
    clone.run("select rota.define_schedule('early', '0 3 * * *', task => 'nap')")
    clone.run("select rota.subscribe('welcome', 'x', task => null)")
    clone.run("select rota.watch_table('public.thing')")
    clone.run("""
select rota.define_pipeline('two', array[
  rota.step('first', wait_for => 'go'), rota.step('second', 'nap', '{first}')])""")
    run_id = clone.value("select s.run_id from rota.start('two') as s")
    clone.run("call rota.work(budget => '0.2 s')", user="rota_worker")
    return clone.url(), run_id


@pytest.mark.parametrize("url", ["postgresql://x:secret@127.0.0.1:1/none", "postgresql://x:a:b"])
def test_no_database_is_no_trouble(ask: Ask, url: str) -> None:
    assert ask("bash", "rota task show ni", url) == [""]


def test_somebody_who_may_not_see_them_gets_none(ask: Ask, database: Clone) -> None:
    assert ask("bash", "rota task show ni", database.url("rota_worker")) == [""]


def test_commands_are_listed_without_importing_any() -> None:
    script = (
        "import os, sys; from pgrota.cli import main\n"
        "os.environ |= {'_ROTA_COMPLETE': 'bash_complete', 'COMP_WORDS': 'rota d',"
        " 'COMP_CWORD': '1'}\n"
        "try: main([])\n"
        "except SystemExit: print(*{m.split('.')[0] for m in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "plain,deploy" in done.stdout
    assert not {"psycopg", "rich", "alembic", "sqlalchemy"} & set(done.stderr.split())


def test_an_unknown_shell_is_named() -> None:
    done = rota("completion", "tcsh")
    assert done.returncode == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
