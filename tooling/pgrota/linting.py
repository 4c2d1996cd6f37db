"""What is wrong with the SQL of a project: sqlfluff reads it, plpgsql_check reads its functions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from psycopg.rows import dict_row

from pgrota import scaffold
from pgrota.config import Config
from pgrota.database import Database
from pgrota.errors import Problem
from pgrota.lexing import blanked
from pgrota.project import Project

# A handler has a parameter whether it looks at it or not.
_CHECK = """
select
  o.file, p.oid::regprocedure::text as signature, n.nspname as schema, p.proname as name,
  c.lineno, c.level, c.sqlstate, c.message, c.detail, c.hint
from rota_core.deployed_object as o
join pg_catalog.pg_proc as p on p.oid = to_regprocedure(o.identity)
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
join pg_catalog.pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'
left join lateral (
  select t.tgrelid, t.tgoldtable, t.tgnewtable
  from pg_catalog.pg_trigger as t
  where t.tgfoid = p.oid and not t.tgisinternal
) as t on true
cross join lateral linted.plpgsql_check_function_tb(
  p.oid, coalesce(t.tgrelid, 0), fatal_errors => false, extra_warnings => true,
  performance_warnings => false, security_warnings => true,
  oldtable => t.tgoldtable, newtable => t.tgnewtable
) as c
where o.project = %s and o.kind in ('function', 'procedure')
  and c.message !~ '^unused parameter '
  and (p.prorettype <> 'trigger'::regtype or t.tgrelid is not null)
order by o.file, c.lineno, c.message
"""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and where."""

    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.message}"


def style(here: Config) -> list[Finding]:
    """What sqlfluff finds in sql/ and in the tests."""
    paths = [p for folder in (here.sql, here.pgtap) for p in sorted(folder.rglob("*.sql"))]
    if not paths:
        return []
    command = [sys.executable, "-m", "sqlfluff", "lint", "--format", "json"]
    command += ["--disable-progress-bar", *_settings(here), *(here.short(p) for p in paths)]
    done = subprocess.run(command, cwd=here.home, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        if "No module named sqlfluff" in done.stderr:
            raise Problem("sqlfluff is not installed", hint='pip install "pgrota[lint]"') from None
        raise Problem("sqlfluff failed", done.stderr.strip() or done.stdout.strip()) from None
    return [
        Finding(
            each["filepath"], violation["start_line_no"], violation["code"],
            violation["description"],
        )
        for each in found
        for violation in each["violations"]
    ]  # fmt: skip


def bodies(here: Config, target: Database) -> list[Finding] | None:
    """What plpgsql_check finds in the functions as deployed; None where it is not installed."""
    query = "select from pg_catalog.pg_available_extensions as e where e.name = 'plpgsql_check'"
    with target.connect() as connection:
        if connection.execute(query).fetchone() is None:
            return None
        connection.execute("create schema linted")
        connection.execute("create extension plpgsql_check schema linted")
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_CHECK, [here.name]).fetchall()
    user = here.project()
    return [
        Finding(
            f"{here.short(here.sql)}/{row['file']}",
            _line(user, row),
            row["sqlstate"] or row["level"],
            f"{row['signature']}: " + "; ".join(
                part for part in (row["message"], row["detail"], row["hint"]) if part
            ),
        )
        for row in rows
    ]  # fmt: skip


def _line(user: Project, row: dict) -> int:
    """The line of the file, from the line of the body: its first is that of the opening quote."""
    text = next((f.text for f in user.files if f.path == row["file"]), "")
    name = rf'\b(?:"?{re.escape(row["schema"])}"?\s*\.\s*)?"?{re.escape(row["name"])}"?\s*\('
    head = re.search(rf"\bcreate\s[^;(]*{name}", blanked(text), re.I)
    opening = head and re.compile(r"\bas\s+(?:\$|')", re.I).search(text, head.end())
    if not opening:
        return row["lineno"] or 1
    return text.count("\n", 0, opening.end()) + (row["lineno"] or 1)


def _settings(here: Config) -> list[str]:
    """The project's own settings of sqlfluff, or those that `rota init` writes."""
    files = (".sqlfluff", "setup.cfg", "tox.ini", "pep8.ini", "pyproject.toml")
    if any("sqlfluff" in _text(here.home / name) for name in files):
        return []
    return ["--config", str(scaffold.TEMPLATES / "sqlfluff.cfg")]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
