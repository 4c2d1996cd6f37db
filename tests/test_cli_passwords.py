"""A password with special characters: in no output, error, log or list of processes."""

# ruff: noqa: F811 (a fixture and the argument that asks for it)

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from harness import Clone, harness_of, wait_until
from pgrota import errors
from pgrota.commands import dev
from pgrota.connection_string import is_odd
from pgrota.deploy import deploy
from pgrota.external_run import error_of
from support_commands import EXAMPLES, Run, run  # noqa: F401
from support_process import WorkerProcess

ANIMALS = ("kudu", "tapir", "lemur", "gnu9", "otter", "zebu", "yak8", "ibex", "okapi")
PASSWORD = "kudu@tapir:lemur/gnu9?otter#zebu%yak820&\"ibex'okapi"
WRONG = PASSWORD.replace("kudu", "kudukudu")
ENCODED = quote(PASSWORD, safe="")


@pytest.fixture
def login(database: Clone) -> Iterator[str]:
    """A role that logs in with the password, and may do nothing."""
    name = f"login_{database.name}"
    with database.connect() as connection:
        words = sql.SQL("create role {} login password {}")
        connection.execute(words.format(sql.Identifier(name), sql.Literal(PASSWORD)))
    yield name
    database.close()
    with database.server.connect() as connection:
        connection.execute(f"drop role {name}")


def leaks(text: str) -> list[str]:
    """The parts of the password that a text holds."""
    return re.findall("|".join(ANIMALS), text)


def place(database: Clone, user: str) -> dict[str, str]:
    """The address as libpq's own variables."""
    return {
        "PGHOST": "127.0.0.1", "PGPORT": str(database.server.port), "PGUSER": user,
        "PGDATABASE": database.name,
    }  # fmt: skip


def url(database: Clone, user: str, password: str = ENCODED) -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{database.server.port}/{database.name}"


def keywords(database: Clone, user: str, password: str = PASSWORD) -> str:
    value = password.replace("\\", r"\\").replace("'", r"\'")
    return (
        f"host=127.0.0.1 port={database.server.port} dbname={database.name} user={user}"
        f" password='{value}'"
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_wrong_password(run: Run, refusing: Clone, name: str) -> None:
    words = EXAMPLES[name]
    wrong = quote(WRONG, safe="")
    for extra, variables in (
        (("--database-url", url(refusing, "postgres", wrong)), {}),
        (("--json",), {"DATABASE_URL": keywords(refusing, "postgres", WRONG)}),
        ((), {"PGPASSWORD": WRONG, "ROTA_TRACEBACK": "1", **place(refusing, "postgres")}),
    ):
        code, shown = run(*words, *extra, **variables)
        assert code == errors.CANNOT_CONNECT, shown
        assert "password authentication failed" in shown
        assert not leaks(shown), shown


@pytest.fixture(scope="module")
def refusing(request: pytest.FixtureRequest) -> Clone:
    """A database whose address asks for a password."""
    return harness_of(request.config).shared("rolled back")


def test_the_right_password_and_then_no_rights(run: Run, database: Clone, login: str) -> None:
    for name, words in EXAMPLES.items():
        for extra in ((), ("--json",)):
            code, shown = run(*words, *extra, ROTA_DATABASE_URL=url(database, login))
            assert code in (errors.OK, errors.ERROR), (name, shown)
            assert shown, name
            assert "Traceback" not in shown
            assert not leaks(shown), (name, shown)


@pytest.mark.parametrize("form", ["url", "keywords", "dotenv", "libpq", "pgpass"])
def test_each_way_to_say_it_works(
    run: Run,
    database: Clone,
    login: str,
    form: str,
    tmp_path: Path,
) -> None:
    variables = place(database, login)
    if form == "url":
        variables = {"DATABASE_URL": url(database, login)}
    elif form == "keywords":
        variables = {"DATABASE_URL": keywords(database, login)}
    elif form == "dotenv":
        (tmp_path / ".env").write_text(f"DATABASE_URL={url(database, login)}\n")
        variables = {}
    elif form == "libpq":
        variables["PGPASSWORD"] = PASSWORD
    else:
        file = tmp_path / "pgpass"
        file.write_text("*:*:*:*:" + PASSWORD.replace("\\", r"\\").replace(":", r"\:") + "\n")
        file.chmod(0o600)
        variables["PGPASSFILE"] = str(file)
    for words in (("status",), ("doctor",), ("doctor", "--json"), ("deploy",)):
        _, shown = run(*words, **variables)
        assert login in shown
        assert not leaks(shown), shown


MALFORMED = {
    "as it is": "postgresql://joe:{password}@127.0.0.1:1/none",
    "without a host": "postgresql://joe:{password}",
    "only @ and :": "postgresql://joe:kudu@tapir:lemur@127.0.0.1:1/none",
    "only :": "postgresql://joe:tapir:lemur",
    "only /": "postgresql://joe:gnu9/otter@127.0.0.1:1/none",
    "only ?": "postgresql://joe:gnu9?otter@127.0.0.1:1/none",
    "only %": "postgresql://joe:zebu%yak8@127.0.0.1:1/none",
    "short pieces": "postgresql://joe:kudu@ox/ye@127.0.0.1:1/none",
    "without a scheme": "joe:{password}@127.0.0.1/none",
    "one slash": "postgresql:/joe:{password}@127.0.0.1/none",
    "another scheme": "mysql://joe:{password}@127.0.0.1/none",
    "of jdbc": "jdbc:postgresql://127.0.0.1:1/none?user=joe&password={encoded}",
    "in the query": "postgresql://127.0.0.1:1/none?user=joe&password={password}",
    "keywords without quotes": "host=127.0.0.1 port=1 user=joe password=kudu tapir lemur",
    "an open quote": "host=127.0.0.1 port=1 user=joe password='kudu tapir",
    "backslashes": r"host=127.0.0.1 port=1 user=joe password=kudu\'tapir\ lemur",
    "of .net": "Server=127.0.0.1;User Id=joe;Password={password};",
    "a passphrase": "host=127.0.0.1 port=1 user=joe sslpassword=kudu password=tapir",
}


@pytest.mark.parametrize("form", MALFORMED)
def test_a_malformed_address(run: Run, form: str) -> None:
    address = MALFORMED[form].format(password=PASSWORD, encoded=ENCODED)
    for words, variables in (
        (("plan",), {"ROTA_DATABASE_URL": address}),
        (("doctor", "--json", "--database-url", address), {}),
        (("worker", "--once"), {"DATABASE_URL": address, "ROTA_TRACEBACK": "1"}),
    ):
        code, shown = run(*words, **variables)
        assert code == errors.CANNOT_CONNECT, shown
        assert not leaks(shown), shown
        assert not re.search(r"\b(ox|ye)\b", shown), shown


def test_what_a_good_address_with_an_at_sign_is_told() -> None:
    for good in (
        "postgresql://me%40shop:secret@db.example:5432/app",
        "postgresql://me:secret@db/app?application_name=me@shop",
        "postgresql://me:secret@one:5432,two:5433/app",
        "host=db user=me@shop password=x",
        "postgresql:///app?host=/run/postgresql",
        "",
    ):
        assert not is_odd(good), good


def test_lists_of_processes_and_sessions(database: Clone, login: str) -> None:
    database.run(f"grant rota_worker to {login}")
    process = WorkerProcess(url(database, login))
    try:
        process.wait_for("at work in")
        lines = [
            path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if path.parent.exists()
        ]
        assert any("pgrota.cli worker" in line for line in lines)
        assert not leaks("\n".join(lines))
        with database.connect() as connection:
            activity = connection.execute("select a::text from pg_stat_activity as a").fetchall()
        assert any(login in line for (line,) in activity)
        assert not leaks(str(activity))
        with database.connect() as connection:
            connection.execute(
                "select pg_terminate_backend(a.pid) from pg_stat_activity as a"
                " where a.usename = %s", [login],
            )  # fmt: skip
        wait_until(lambda: "connected again" in process.said, what="it to be back")
    finally:
        assert process.stop() == 0
    assert not leaks(process.said)


def test_what_is_kept_of_a_deploy_and_of_a_handlers_error(database: Clone, login: str) -> None:
    database.run(f"alter role {login} superuser")
    database.run("drop view rota.slots")
    address = url(database, login)
    assert deploy(address, force=True).changed
    assert not leaks(str(database.run("select d::text from rota_core.deploy as d")))
    assert not leaks(str(error_of(RuntimeError(f"no way to {address}"))))
    assert not leaks(str(error_of(RuntimeError(f"not with {PASSWORD}"))))


def test_the_servers_log(refusing: Clone) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url(refusing, "postgres"))
    assert not leaks(refusing.server.log.read_text())


def test_psql_of_the_private_server(run: Run, refusing: Clone, monkeypatch) -> None:
    seen: list = []
    monkeypatch.setattr(dev, "_running", lambda: refusing.server)
    monkeypatch.setattr(dev.os, "execve", lambda *call: seen.extend(call))
    assert run("dev", "psql", "-c", "select 1")[0] == errors.OK
    program, arguments, environment = seen
    assert refusing.server.password not in " ".join(arguments)
    assert environment["PGPASSWORD"] == refusing.server.password
    assert arguments[0] == program
    assert arguments[-2:] == ["-c", "select 1"]
