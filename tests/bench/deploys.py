"""How long deploys of a project with 500 functions take, beside alembic."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench import deploy_load
from bench.arena import TEMPLATE, Arena
from bench.figures import Table, median
from bench.scale import Scale
from pgrota.server import Server

FUNCTIONS = 500
FUNCTION = """
create or replace function app.f{n}(input jsonb)
returns jsonb
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_count int := {n};
begin
  return jsonb_build_object('count', v_count, 'version', {version}, 'input', input);
end;
$$;

comment on function app.f{n}(jsonb) is 'Number {n}.';

revoke all on function app.f{n}(jsonb) from public;
"""
TASK = """
select rota.define_task('t{n}', 'app.f{n}');
select rota.define_schedule('t{n}', '{minute} 3 * * *');
"""
ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """
from alembic import op
revision = "{n:04}"
down_revision = {down}
def upgrade():
    op.execute('''{sql}''')
"""


def measure(server: Server, scale: Scale, template: str = TEMPLATE) -> list[Table]:
    with tempfile.TemporaryDirectory(prefix="rota-bench-", dir="/tmp") as place:
        return [
            _speed(server, scale, template, Path(place)),
            deploy_load.measure(server, scale, template, Path(place) / "load"),
        ]


def _speed(server: Server, scale: Scale, template: str, place: Path) -> Table:
    count = scale.of(FUNCTIONS, least=10)
    seconds: dict[str, list[float]] = defaultdict(list)
    with Arena(server, template) as arena, Arena(server, template) as beside:
        url, other = server.url(arena.name), server.url(beside.name)
        for each in (arena, beside):
            each.run("create schema app")
        _project(place / "shop", count)
        _alembic(place / "alembic", count, other)
        ours = ("pgrota.cli", "--project", str(place / "shop"))
        theirs = ("alembic", "-c", str(place / "alembic/alembic.ini"), "upgrade", "head")
        scale.say(f"deploys: {count} functions for the first time")
        first = {"rota deploy": _time(url, *ours, "deploy"), "alembic": _time(other, *theirs)}
        for lap in range(scale.rounds):
            scale.say(f"deploys: round {lap + 1} of {scale.rounds}")
            seconds["rota deploy, nothing to do"].append(_time(url, *ours, "deploy"))
            seconds["rota plan, nothing to do"].append(_time(url, *ours, "plan"))
            seconds["alembic upgrade head, nothing to do"].append(_time(other, *theirs))
            _project(place / "shop", count, changed=10, version=lap + 2)
            seconds["rota plan, 10 functions changed"].append(_time(url, *ours, "plan"))
            seconds["rota deploy, 10 functions changed"].append(_time(url, *ours, "deploy"))
    table = Table(
        f"A project of {count} functions, {count // 10} tasks and as many schedules",
        ["what", "s"],
        notes=[
            f"The command from start to end, medians of {scale.rounds} interleaved rounds."
            " alembic: as many revisions, a function each, on a database of their own.",
            "Goals: rota deploy with nothing to do under 1 s, rota plan under 2 s.",
        ],
    )
    for what, found in first.items():
        table.add(f"{what}, for the first time", found)
    for what, times in seconds.items():
        table.add(what, median(times))
    return table


def _project(place: Path, count: int, changed: int = 0, version: int = 1) -> None:
    (place / "sql").mkdir(parents=True, exist_ok=True)
    (place / "rota.toml").write_text('name = "shop"\n')
    for n in range(count):
        if version > 1 and n >= changed:
            break
        text = FUNCTION.format(n=n, version=version)
        if n % 10 == 0:
            text += TASK.format(n=n, minute=n // 10 % 60)
        (place / f"sql/f{n:03}.sql").write_text(text)


def _alembic(place: Path, count: int, url: str) -> None:
    (place / "versions").mkdir(parents=True)
    (place / "env.py").write_text(ENV)
    address = url.replace("postgresql://", "postgresql+psycopg://").replace("%", "%%")
    ini = f"[alembic]\nscript_location = {place}\nsqlalchemy.url = {address}\n"
    (place / "alembic.ini").write_text(ini)
    for n in range(count):
        down = repr(f"{n - 1:04}") if n else None
        text = REVISION.format(n=n, down=down, sql=FUNCTION.format(n=n, version=1))
        (place / f"versions/{n:04}_f.py").write_text(text)


def _time(url: str, *command: str) -> float:
    environment = os.environ | {"ROTA_DATABASE_URL": url}
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", *command], env=environment, check=True, capture_output=True
    )
    return time.monotonic() - started
