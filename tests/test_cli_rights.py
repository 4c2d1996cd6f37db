"""What each role may see and do with the commands, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Clone
from pgrota import errors
from support_process import start
from support_run import TASKS, finish, here, ok, refused


@pytest.fixture
def app(database: Clone) -> Clone:
    database.run(TASKS)
    return database


@pytest.fixture
def roles(app: Clone) -> Iterator[dict[str, str]]:
    """Logins: one with each role, and one with none. The value is its address."""
    names = {role: f"{role}_{app.name}" for role in ("rota_app", "rota_reader", "rota_admin")}
    names["none"] = f"none_{app.name}"
    for role, name in names.items():
        app.run(f"create role {name} login")
        if role != "none":
            app.run(f"grant {role} to {name}")
    yield {role: app.url(name) for role, name in names.items()}
    app.close()
    with app.server.connect() as connection:
        for name in names.values():
            connection.execute(f"drop role {name}")


def test_an_application_sees_and_stops_its_own(app: Clone, roles: dict[str, str]) -> None:
    url = roles["rota_app"]
    assert ok(app, "run", "start", "good", url=url) == "run 1 queued\n"
    assert "run 1  good  queued" in ok(app, "run", "show", "1", url=url)
    other = start(app, "good")
    assert f"run {other} was started by postgres" in refused(
        app, "run", "show", str(other), url=url
    )
    assert f"run {other} was started" in refused(app, "run", "cancel", str(other), url=url)
    said = refused(app, "run", "list", url=url)
    assert "permission denied for view runs" in said
    assert f"Hint: grant rota_reader to rota_app_{app.name};" in said
    assert ok(app, "run", "cancel", "1", url=url) == "run 1 cancelled\n"


def test_a_reader_sees_everything_and_changes_nothing(app: Clone, roles: dict[str, str]) -> None:
    url = roles["rota_reader"]
    run_id = finish(app, "bad", wanted="failed")
    page = ok(app, "run", "show", str(run_id), url=url)
    assert page == ok(app, "run", "show", str(run_id))
    assert "run 99 does not exist" in refused(app, "run", "show", "99", url=url)
    assert "bad" in ok(app, "run", "list", url=url)
    assert "good" in ok(app, "task", "list", url=url)
    for command in (("run", "start", "good"), ("run", "retry", "1"), ("task", "pause", "good")):
        said = refused(app, *command, url=url)
        assert "permission denied" in said
        assert "Hint: grant rota_" in said


def test_nobody_gets_a_clear_word(app: Clone, roles: dict[str, str]) -> None:
    for command in (("run", "list"), ("run", "start", "good"), ("logs",), ("task", "list")):
        said = refused(app, *command, url=roles["none"])
        assert f"none_{app.name} has no right to this" in said
        assert "Hint: grant rota_" in said


def test_without_the_engine(empty_database: Clone) -> None:
    for command in (("run", "list"), ("run", "start", "x"), ("logs",), ("task", "show", "x")):
        done = here(*command, url=empty_database.url())
        assert done.returncode == errors.ERROR
        assert "rota is not installed in this database" in done.stderr
        assert "Hint: rota deploy" in done.stderr
