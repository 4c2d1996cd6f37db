"""`rota event list`, `show`, `emit` and `rota watch`: what they print and return."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from harness import Clone
from pgrota import errors
from support_deploy import rota
from support_event import emit, handler, prepare, subscribe
from support_run import here, ok, refused
from support_schedule_cli import line_of, width

COMMANDS = (
    "event list", "event tail", "event emit", "event show",
    "subscription list", "subscription show", "subscription pause", "subscription resume",
    "subscription replay", "dead-letters list", "dead-letters show", "dead-letters redrive",
    "dead-letters discard", "watch list", "watch show",
)  # fmt: skip
USERS = """
create table public.users (id int primary key, name text, status text);
select rota.watch_table('public.users', exclude => '{name}');
insert into public.users values (1, 'Ada', 'new'), (2, 'Grace', 'new');
update public.users set status = 'active now' where id = 2;
delete from public.users where id = 1;
"""


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    assert f"Example: rota {command}" in here(*command.split(), "--help", url="").stdout


def ids(app: Clone, *options: str) -> list[int]:
    return [row["event_id"] for row in json.loads(ok(app, "event", "list", *options, "--json"))]


def test_list_is_of_the_newest_like_that(app: Clone) -> None:
    assert ok(app, "event", "list") == "no events\n"
    for topic in ("a.one", "b", "a.two", "a.one"):
        emit(app, topic, 1)
    every = ids(app)
    assert every == sorted(every, reverse=True)
    assert ids(app, "-n", "2") == every[:2]
    assert ids(app, "--topic", "a.*") == [every[0], every[1], every[3]]
    app.run("select rota.emit('b', 'other', '{}')")
    assert ids(app, "--type", "test") == every
    assert ids(app, "--type", "other", "--type", "no") == [max(every) + 1024]
    app.run("update rota_core.event set at = at - interval '1 hour' where topic = 'b'")
    assert ids(app, "--since", "10 min") == [every[0], every[1], every[3]]
    refused(app, "event", "list", "--since", "yore", code=errors.USAGE)


def test_list_names_topics_that_are_called_nearly_so(app: Clone) -> None:
    emit(app, "payment", 1)
    done = here("event", "list", "--topic", "paymnet", url=app.url())
    assert (done.stdout, done.returncode) == ("no events\n", 0)
    assert done.stderr == "There are events of: payment\n"


def test_list_says_what_an_update_changed(app: Clone) -> None:
    app.run(USERS)
    app.run("select rota.emit('payment', 'payment.completed', '{\"id\": 17}', '17')")
    text = here("event", "list", "--zone", "Asia/Tokyo", url=app.url()).stdout
    assert text.startswith("Times in Asia/Tokyo\n")
    assert 'status: new → "active now"' in line_of(text, "UPDATE")
    assert '{"id": 1, "status": "new"}' in line_of(text, "DELETE")
    assert line_of(text, "payment.completed").split()[-3:] == ["17", '{"id":', "17}"]
    narrow = here("event", "list", url=app.url(), COLUMNS="80").stdout
    assert width(narrow) <= 80
    assert "payment.completed" in narrow


def test_show(app: Clone) -> None:
    app.run(USERS)
    subscribe(app, handler(app, "note"), "public.*")
    subscribe(app, "note", "public.users", "inserts", types=["INSERT"])
    subscribe(app, None, "public", "other")
    event_id = app.value("select e.event_id from rota.events as e where e.type = 'UPDATE'")
    found = json.loads(ok(app, "event", "show", str(event_id), "--json"))
    assert found["record"] == {"id": 2, "status": "active now"}
    assert found["subscriptions"] == ["note"]
    assert found["dead_letters"] == []
    text = ok(app, "event", "show", str(event_id), "--zone", "UTC")
    assert text.startswith(f"event {event_id}  public.users  UPDATE\nTimes in UTC\n")
    assert '"status": "active now"' in text
    assert "read by  note\n" in text
    said = refused(app, "event", "show", str(event_id + 1))
    assert f"event {event_id + 1} does not exist" in said
    refused(app, "event", "show", "0", code=errors.USAGE)


def test_emit_takes_json_from_anywhere(app: Clone, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text("[1, null]")
    assert ok(app, "event", "emit", "a", "t").endswith(" emitted\n")
    ok(app, "event", "emit", "a", "t", '"words"', "--key", "k")
    ok(app, "event", "emit", "a", "t", f"@{file}")
    ok(app, "event", "emit", "a", "t", "null")
    told = json.loads(ok(app, "event", "emit", "a", "t", "7", "--json"))
    rows = app.run("select e.payload, e.key from rota.events as e order by e.event_id")
    assert rows == [({}, None), ("words", "k"), ([1, None], None), (None, None), (7, None)]
    assert told == {"event_id": app.value("select max(e.event_id) from rota.events as e")}
    refused(app, "event", "emit", "a", "t", "{", code=errors.USAGE)
    assert "key must be" in refused(app, "event", "emit", "a", "t", "{}", "--key", "")


def test_emit_reads_standard_input(app: Clone) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "pgrota.cli", "event", "emit", "a", "t", "-",
         "--database-url", app.url()],
        input='{"n": 1}', capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("event ")
    assert app.value("select e.payload from rota.events as e") == {"n": 1}


def test_watches(app: Clone) -> None:
    assert ok(app, "watch", "list").startswith("no watches")
    app.run(USERS)
    text = ok(app, "watch", "list")
    assert "without name" in line_of(text, "public.users", "active")
    (row,) = json.loads(ok(app, "watch", "list", "--json"))
    assert row["operations"] == ["INSERT", "UPDATE", "DELETE"]
    assert ok(app, "watch", "show", "users").startswith("public.users  active\n")
    said = refused(app, "watch", "show", "public.user")
    assert "watch public.user does not exist\nNearly so: public.users\n" in said


def test_an_application_may_emit_and_not_look(app: Clone) -> None:
    app.run("create role teller login in role rota_app")
    try:
        url = app.url("teller")
        assert here("event", "emit", "a", "t", url=url).returncode == errors.OK
        for command in (("event", "list"), ("event", "tail"), ("subscription", "list")):
            assert "Hint: grant rota_reader to teller;" in refused(app, *command, url=url)
    finally:
        app.run("drop role teller")


def test_a_lag_of_years_can_be_read(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "a", max_lag="2 years 3 months")
    (row,) = json.loads(ok(app, "subscription", "list", "--json"))
    assert timedelta(seconds=row["max_lag"]) > timedelta(days=800)
    assert rota("subscription", "show", "note", url=app.url()).returncode == 0
