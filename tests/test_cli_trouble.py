"""A database that is read-only, forbids, or goes away: one clear error, and nothing half done."""

# ruff: noqa: F811 (a fixture and the argument that asks for it)

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import errors
from pgrota.deploy import deploy
from support_commands import EXAMPLES, Run, run  # noqa: F401
from support_deploy import add_file, add_revision, dump, own_project, state_of

GIVEN = """
create function public.nap() returns void language sql as '';
create table public.users (id int primary key);
select rota.define_task('nightly', 'public.nap');
select rota.define_task('send-report', 'public.nap');
select rota.define_schedule('nightly', '0 3 * * *', task => 'nightly');
select rota.subscribe('welcome', 'public.users', task => null);
select rota.watch_table('public.users');
select rota.start('nightly', run_at => '2099-01-01') from generate_series(1, 6);
"""
SLOW = "create table rota_core.trial (id int); select pg_sleep(60);"
SLOW_COMMIT = """
create table rota_core.trial (id int);
create function rota_core.nap() returns trigger language plpgsql as
  $nap$ begin perform pg_sleep(60); return null; end $nap$;
create constraint trigger nap after insert on rota_core.trial
  deferrable initially deferred for each row execute function rota_core.nap();
insert into rota_core.trial values (1);
"""


@pytest.fixture
def filled(database: Clone) -> Clone:
    deploy(database.url())
    database.run(GIVEN)
    return database


def test_a_read_only_database(run: Run, filled: Clone) -> None:
    filled.run(f"alter database {filled.name} set default_transaction_read_only = on")
    before = state_of(filled)
    refused = set()
    for name, words in EXAMPLES.items():
        if name in ("event tail", "logs", "run follow", "worker"):
            continue
        code, shown = run(*words, ROTA_DATABASE_URL=filled.url())
        assert code in (errors.OK, errors.ERROR), (name, shown)
        assert "Traceback" not in shown
        if "read-only" in shown:
            refused.add(name)
            assert name in ("doctor", "status") or shown.count("Error: ") == 1, shown
            assert "default_transaction_read_only" in shown, shown
    assert state_of(filled) == before
    assert refused >= {
        "deploy", "plan", "remove", "run start", "run cancel", "schedule run", "schedule pause",
        "task pause", "event emit", "doctor",
    }  # fmt: skip


DEPLOY = """
import sys; from pathlib import Path; from pgrota import cli, project
project.root = lambda: Path(sys.argv[1])
cli.main(['deploy'])
"""


def test_a_server_that_dies_during_a_deploy(
    crash_database: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is() -> tuple[str, list]:
        return dump(crash_database), crash_database.run("select d::text from rota_core.deploy as d")

    place = own_project(tmp_path, monkeypatch)
    before = as_it_is()
    asleep = "select a.pid from pg_stat_activity as a where a.wait_event = 'PgSleep'"
    for where, known in (
        ("engine/last.sql", "nothing was changed"),
        ("at the commit", "whether it took effect is not known"),
        ("migrations", "nothing was changed"),
    ):
        if where == "engine/last.sql":
            add_file(place, "last.sql", "select pg_sleep(60);\n")
        else:
            add_file(place, "last.sql", "select 1;\n")
            (place / "migrations/engine/versions/9999_trial.py").unlink(missing_ok=True)
            add_revision(place, SLOW_COMMIT if where == "at the commit" else SLOW)
        process = subprocess.Popen(
            [sys.executable, "-c", DEPLOY, str(place)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"ROTA_DATABASE_URL": crash_database.url(), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        wait_until(lambda: crash_database.value(asleep), what=f"the deploy to sleep: {where}")
        crash_database.server.kill()
        out, said = process.communicate(timeout=30)
        assert process.returncode == errors.CANNOT_CONNECT, said
        assert out == ""
        assert said.count("Error: ") == 1
        assert f"Error: {where}: " in said
        assert "Traceback" not in said
        assert known in said
        crash_database.server.start().wait_ready()
        assert as_it_is() == before, where
