"""Fixtures. What they stand on is in harness.py."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from harness import Clone, Harness, harness_of
from pgrota import binaries
from pgrota.server import Server
from support_deploy import own_project

# How wide the terminal is that the tests are run from is no matter of the commands they run.
os.environ.pop("COLUMNS", None)
# Shells start what runs in the background deaf to Ctrl-C, and the commands tested inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LIBRARIES = ("pg_cron", "plpgsql_check")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long versions too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--all"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="a long one: runs with --all"))


def pytest_report_header() -> str:
    try:
        found = binaries.find()
    except binaries.NoServer as error:
        return f"server: {error}"
    lacking = [name for name in LIBRARIES if not found.has_library(name)]
    without = f", without {', '.join(lacking)}" if lacking else ""
    return f"server: PostgreSQL {found.version} from {found.directory}{without}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in harness_of(config).summary():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long versions were asked for."""
    return bool(request.config.getoption("--all"))


@pytest.fixture(scope="session")
def harness(request: pytest.FixtureRequest) -> Harness:
    return harness_of(request.config)


@pytest.fixture(scope="session")
def server(harness: Harness) -> Server:
    """The private server that most tests share. Its pg_cron lives in the database `cron`."""
    return harness.server


@pytest.fixture
def database(harness: Harness) -> Iterator[Clone]:
    """A fresh clone with the engine in it: for tests that commit or need several sessions."""
    clone = harness.clone()
    yield clone
    clone.close()


@pytest.fixture
def empty_database(harness: Harness) -> Iterator[Clone]:
    """A fresh database without the engine, on the shared server, which has the roles."""
    clone = harness.clone(template="template1")
    yield clone
    clone.close()


@pytest.fixture
def connect(database: Clone) -> Callable[..., psycopg.Connection[Any]]:
    """Make connections to `database`: connect(user='postgres', autocommit=True)."""
    return database.connect


@pytest.fixture
def rolled_back(harness: Harness) -> Iterator[psycopg.Connection[Any]]:
    """A connection in a transaction on a shared clone. What it does is rolled back."""
    with harness.shared("rolled back").connect(autocommit=False) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def make_server(harness: Harness) -> Iterator[Callable[..., Server]]:
    """Make servers with settings of one's own. They are removed after the test."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        made.append(harness.make_server(**options))
        return made[-1]

    yield make
    for server in made:
        harness.discard(server)


@pytest.fixture
def crash_database(harness: Harness, make_server: Callable[..., Server]) -> Clone:
    """A clone on a server of its own with fsync on, which the test may kill (`.server.kill()`)."""
    return harness.clone(make_server(durable=True))


@pytest.fixture
def cron_database(harness: Harness, make_server: Callable[..., Server]) -> Clone:
    """A clone on a server of its own whose pg_cron lives in that clone. It may be killed too."""
    clone = harness.clone_for_cron(make_server(durable=True, cron_database="app"))
    clone.run("create extension pg_cron")
    return clone


@pytest.fixture
def own_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an engine that is this test's to change, and that is deployed in it."""
    return own_project(tmp_path, monkeypatch)
