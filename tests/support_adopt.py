"""Jobs of others in cron.job, and a project made of what was adopted from them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from harness import Clone, Harness
from pgrota.adoption import Adoption
from pgrota.database import Database
from pgrota.deploy import Outcome, deploy

WORLD = """
create role alice login;
create role bob nologin;
create role deployer login createrole;
grant alice to deployer;
grant usage on schema cron to alice, bob, deployer;
create schema app authorization alice;
create table app.done (what text, at timestamptz default clock_timestamp());
grant all on app.done to alice, bob;
grant usage on schema app to bob;
alter role alice in database app set search_path = app, public;
create function app.nightly() returns void language sql
set search_path = app as $$ insert into done (what) values ('nightly') $$;
create function app.count_up(n int) returns int language plpgsql as $$
begin insert into done (what) values ('count ' || n); return n; end $$;
comment on function app.count_up(int) is 'It''s counted.';
create procedure app.long() language plpgsql as $$ begin commit; end $$;
alter function app.nightly() owner to alice;
alter function app.count_up(int) owner to alice;
alter procedure app.long() owner to alice;
revoke all on function app.count_up(int) from public;
"""


def schedule(app: Clone, user: str, name: str | None, at: str, command: str) -> int:
    """A job of `user`, as they would type it."""
    arguments = (name, at, command) if name else (at, command)
    marks = ", ".join(["%s"] * len(arguments))
    with app.connect() as connection:
        connection.execute(f"set role {user}")
        return connection.execute(f"select cron.schedule({marks})", arguments).fetchone()[0]


def others(app: Clone) -> list[Any]:
    """The jobs that are not rota's."""
    return app.run(
        "select j.username, j.jobname, j.schedule, j.command, j.active from cron.job as j"
        " where j.username <> 'rota_worker' order by j.jobid"
    )


def adopt(app: Clone, place: Path, user: str = "postgres") -> Adoption:
    found = Adoption(Database(app.url(user)), place / "sql")
    found.save()
    return found


def deploy_adopted(app: Clone, place: Path, root: Path, user: str = "postgres") -> Outcome:
    """Deploy what was adopted into `place` as the recipe `shop` of the project `root`."""
    shop = root / "sql/recipes/shop"
    shutil.rmtree(shop, ignore_errors=True)
    shutil.copytree(place / "sql", shop)
    needs = {
        path.relative_to(shop).as_posix(): re.findall(
            r"^-- requires: (.*)$", path.read_text(), re.M
        )
        for path in sorted(shop.rglob("*.sql"))
    }
    order = TopologicalSorter(needs).static_order()
    (shop / "install.sql").write_text("".join(f"\\ir {path}\n" for path in order))
    return deploy(app.url(user), ["shop"])


@contextmanager
def world_of(harness: Harness) -> Iterator[Clone]:
    """A database with pg_cron, two users of it and the engine."""
    server = harness.make_server(cron_database="app")
    clone = harness.clone_for_cron(server)
    clone.run("create extension pg_cron")
    clone.run(WORLD)
    yield clone
    harness.discard(server)


def clear(world: Clone) -> None:
    """Without jobs, schedules and tasks again."""
    world.run("delete from cron.job where username <> 'rota_worker'")
    world.run("select rota.drop_schedule(s.name) from rota.schedules as s")
    world.run("select rota.drop_task(t.name) from rota.tasks as t")
