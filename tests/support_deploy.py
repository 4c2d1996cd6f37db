"""What the tests of deploy and of the command line share."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import ROOT, Clone
from pgrota import project
from pgrota.preflight import ROLES
from pgrota.server import Server
from support_process import environment
from template import TEMPLATE

REVISION = '''"""{title}."""

from pgrota.migration import run_sql

revision = "{revision}"
down_revision = "{down}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
{sql}
"""
    )
'''


def bare(make_server: Callable[..., Server], **options: object) -> Server:
    """A server that has never seen rota: no role, no template."""
    server = make_server(**options)
    with server.connect() as connection:
        connection.execute(f"drop database {TEMPLATE}")
        for role in ROLES:
            connection.execute(f"drop role {role}")
    return server


def new_database(server: Server, name: str, owner: str = "postgres") -> Clone:
    with server.connect() as connection:
        connection.execute(f'create database "{name}" owner "{owner}"')
    return Clone(server, name)


def program(server: Server, name: str, *arguments: str) -> str:
    """The output of one of the server's own programs."""
    path = server.binaries.directory / name
    done = subprocess.run([str(path), *arguments], capture_output=True, text=True, check=True)
    return re.sub(r"^\\(un)?restrict .*$", "", done.stdout, flags=re.MULTILINE)


def psql(database: Clone, path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Apply a file as `postgres`, statement by statement unless told otherwise."""
    program = database.server.binaries.directory / "psql"
    return subprocess.run(
        [str(program), "-X", "-q", "-v", "ON_ERROR_STOP=1", *options, "-f", str(path),
         database.url()],
        capture_output=True, text=True,
    )  # fmt: skip


def dump(database: Clone) -> str:
    """The schema as pg_dump sees it."""
    return program(database.server, "pg_dump", "--schema-only", "--dbname", database.url())


def state_of(database: Clone) -> dict[str, Any]:
    """A digest of every table of the engine, and what functions and roles' rights there are."""
    with database.connect() as connection:
        tables = connection.execute(
            "select oid::regclass::text from pg_class"
            " where relnamespace = 'rota_core'::regnamespace and relkind = 'r'"
        ).fetchall()
        digests = {
            table: connection.execute(
                f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {table} as t"
            ).fetchone()
            for (table,) in tables
        }
        digests["functions"] = connection.execute(
            "select count(*), md5(string_agg(p.proname || coalesce(p.proacl::text, ''), '|'"
            " order by p.oid)) from pg_proc as p"
            " where p.pronamespace in ('rota'::regnamespace, 'rota_core'::regnamespace)"
        ).fetchone()
        digests["schemas"] = connection.execute(
            "select string_agg(n.nspacl::text, '|' order by n.nspname) from pg_namespace as n"
            " where n.nspname in ('rota', 'rota_core')"
        ).fetchone()
        return digests


def cluster(server: Server) -> str:
    """Roles, memberships and the settings of roles in databases."""
    roles = program(server, "pg_dumpall", "--roles-only", "--dbname", server.url())
    with server.connect() as connection:
        settings = connection.execute(
            "select s.setrole::regrole::text, d.datname, s.setconfig"
            " from pg_db_role_setting as s left join pg_database as d on d.oid = s.setdatabase"
            " order by 1, 2"
        ).fetchall()
    return roles + repr(settings)


def versions(database: Clone) -> dict[str, str]:
    """Where each function and view of ours stands: another place means that it was touched."""
    rows = database.run(
        "select p.oid::regprocedure::text, p.ctid::text from pg_proc as p"
        " where p.pronamespace::regnamespace::text in ('rota', 'rota_core')"
        " union all"
        " select c.oid::regclass::text, c.ctid::text from pg_class as c"
        " where c.relkind = 'v' and c.relnamespace::regnamespace::text in ('rota', 'rota_core')"
    )
    return dict(rows)


def own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of sql/ and migrations/ that the test may change, and that deploy then reads."""
    place = tmp_path / "project"
    for folder in ("sql", "migrations"):
        shutil.copytree(ROOT / folder, place / folder)
    monkeypatch.setattr(project, "root", lambda: place)
    return place


def add_file(place: Path, path: str, text: str) -> None:
    """Another file of the engine, at the end of the index."""
    index = place / "sql/engine/install.sql"
    line = f"\\ir {path}\n"
    if line not in index.read_text():
        index.write_text(index.read_text() + line)
    (place / "sql/engine" / path).write_text(text)


def add_revision(place: Path, sql: str, revision: str = "9999") -> None:
    """A migration after all others."""
    folder = place / "migrations/engine/versions"
    last = max(path.name for path in folder.glob("*.py"))[:4]
    text = REVISION.format(title="A trial", revision=revision, down=last, sql=sql)
    (folder / f"{revision}_trial.py").write_text(text)


def rota(
    *arguments: str, url: str | None = None, timeout: float = 60, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own that knows no database but this one."""
    if url is not None:
        variables["ROTA_DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "pgrota.cli", *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def function(name: str, body: str = "select 1", **parts: str) -> str:
    """A function of the engine as text."""
    return (
        f"create or replace function rota_core.{name}({parts.get('arguments', '')})\n"
        f"returns {parts.get('returns', 'int')}\n"
        "language sql\nset search_path = pg_catalog, pg_temp\n"
        f"as $$ {body} $$;\n"
        f"comment on function rota_core.{name} is 'A trial.';\n"
        f"revoke all on function rota_core.{name} from public;\n"
    )
