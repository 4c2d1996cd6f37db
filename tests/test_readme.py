"""The README is true: what it says was typed and seen."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from harness import ROOT, Clone, wait_until
from pgrota import external

TEXT = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
TAGS = re.compile(r"(CREATE|GRANT|REVOKE|INSERT|CALL|SET|RESET)\b")
# Roles are the server's, not the database's. Supabase has one more.
ROLES_OF_SUPABASE = ("authenticated",)
ROLES_MADE = ("app_jobs", "shop")

pytestmark = pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql here")


def steps() -> Iterator[tuple[str, str | None]]:
    """Each block of SQL, and the output that stands right under it."""
    blocks = list(BLOCK.finditer(TEXT))
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] == "sql":
            between = TEXT[block.end() : after.start()].strip() if after else "-"
            shown = after[2] if after and after[1] == "text" and not between else None
            yield block[2], shown


def plain(output: str) -> str:
    """psql's output without command tags, blank lines and trailing blanks."""
    lines = (line.rstrip() for line in output.splitlines())
    return "\n".join(line for line in lines if line and not TAGS.match(line))


def psql(database: Clone, script: str) -> str:
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", database.url(), "-f", "-"],
        input=script, text=True, capture_output=True, timeout=60, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "nothing is warned of"
    return done.stdout


@pytest.fixture
def reader(database: Clone) -> Iterator[Clone]:
    """A database in which nobody has typed anything yet."""
    for role in ROLES_OF_SUPABASE:
        database.run(f"create role {role} nologin")
    yield database
    database.close()
    with database.server.connect() as connection:
        for role in (*ROLES_OF_SUPABASE, *ROLES_MADE):
            connection.execute(f"drop role if exists {role}")


def test_what_it_tells_to_type_does_what_it_shows(
    reader: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = list(steps())
    assert len(scripts) >= 8
    assert sum(shown is not None for _, shown in scripts) >= 5
    for script, shown in scripts:
        output = psql(reader, script)
        if shown is not None:
            assert plain(output) == plain(shown), script

    # the clients, and the wrapper as the gateway would call it
    monkeypatch.setenv("DATABASE_URL", reader.url())
    monkeypatch.setattr(external, "handlers", {})
    clients = [block[2] for block in BLOCK.finditer(TEXT) if block[1] == "python"]
    for code in clients:
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert len(clients) == 3
    assert set(external.handlers) == {"process-payment"}
    with reader.connect() as connection:
        connection.execute("set role authenticated")
        run_id, is_new = connection.execute(
            "select * from public.expire_sessions('asked for')"
        ).fetchone()
        assert is_new
    reader.work()
    reasons = "select input ->> 'reason' from rota.runs where task = 'nightly' and state = %s"
    due = "select count(*) from rota.runs where state = 'queued' and run_at < now()"
    wait_until(lambda: reader.value(due) == 0, what="the runs that the clients started")
    assert {"psycopg", "sqlalchemy", "asked for"} <= {
        reason for (reason,) in reader.run(reasons, "succeeded")
    }
    assert reader.value("select created_by from rota.runs where run_id = %s", run_id) == (
        "authenticated"
    )


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the first table under a heading, by the name in their first cell."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = (line.strip("|").split(" | ") for line in section.splitlines() if line[:3] == "| `")
    return {row[0].strip(" `"): [cell.strip() for cell in row[1:]] for row in cells}


def test_the_table_of_functions_is_whole_and_true(rolled_back) -> None:
    found = rolled_back.execute(
        """
        select p.proname,
          array(
            select a.name from unnest(p.proargnames) with ordinality as a (name, n)
            where coalesce(p.proargmodes[a.n], 'i') = 'i' order by a.n
          ),
          array(
            select replace(g.grantee::regrole::text, 'rota_', '') from aclexplode(p.proacl) as g
            where g.grantee <> p.proowner
          )
        from pg_proc as p where p.pronamespace = 'rota'::regnamespace
        """
    ).fetchall()
    everybody = {"admin", "app", "monitor", "reader", "worker"}
    said = {
        name: (
            arguments.strip("`").replace(" ", "").split(","),
            everybody if roles == "all" else {role.split(" ")[0] for role in roles.split(", ")},
        )
        for name, (arguments, _, roles) in rows("Functions").items()
    }
    assert said == {name: (list(arguments), set(roles)) for name, arguments, roles in found}


def test_the_table_of_views_is_whole(rolled_back) -> None:
    found = rolled_back.execute(
        "select relname from pg_class where relnamespace = 'rota'::regnamespace and relkind = 'v'"
    ).fetchall()
    assert set(rows("Views")) == {name for (name,) in found}


def test_the_table_of_errors_is_whole_and_true(rolled_back) -> None:
    """Each condition that the engine raises stands there, and none of our own that it does not."""
    raised = {
        (state, name)
        for path in (ROOT / "sql/engine").rglob("*.sql")
        for state, name in re.findall(
            r"errcode = (?:'([0-9A-Z]{5})'|'([a-z_]+)'|case)", path.read_text()
        )
        if state or name
    }
    names = {
        "undefined_object": "42704",
        "duplicate_object": "42710",
        "invalid_parameter_value": "22023",
        "insufficient_privilege": "42501",
        "serialization_failure": "40001",
        "read_only_sql_transaction": "25006",
        "lock_not_available": "55P03",
        "feature_not_supported": "0A000",
        "program_limit_exceeded": "54000",
    }
    codes = {state or names[name] for state, name in raised}
    said = set(rows("Errors"))
    assert codes <= said
    assert {state for state in said if state.startswith("RT")} <= codes


def test_the_roles_are_those_there_are(rolled_back) -> None:
    found = rolled_back.execute(
        r"select rolname from pg_roles where rolname in"
        r" (select grantee::regrole::text from pg_namespace, aclexplode(nspacl)"
        r"  where nspname in ('rota', 'rota_core'))"
    ).fetchall()
    assert set(rows("Roles")) == {name for (name,) in found}


@pytest.mark.parametrize("path", re.findall(r"`(\./[\w/]+|sql/[\w/]+/)`", TEXT))
def test_what_it_points_at_is_there(path: str) -> None:
    assert (ROOT / path).exists()
