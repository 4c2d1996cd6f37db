"""`rota event tail`: each event once, when it has committed, whatever its number."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness import Clone
from pgrota import events
from pgrota.database import Database
from support_event import emit, emit_many, prepare


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def follower(app: Clone, topic: str | None = None, *types: str) -> events.Follower:
    return events.Follower(Database(app.url()), topic, list(types) or None)


def read(follower: events.Follower) -> list[int]:
    """The numbers of what has come, page by page."""
    found = []
    while page := follower.more():
        found += [event["event_id"] for event in page]
    return found


def test_what_commits_late_is_shown_late(app: Clone) -> None:
    tail = follower(app)
    first = emit(app, "a", 1)
    assert [event["event_id"] for event in tail.begin(5)] == [first]
    with app.connect(autocommit=False) as slow, app.connect(autocommit=False) as lost:
        late = emit(slow, "a", 2)
        never = emit(lost, "a", 3)
        early = emit(app, "a", 4)
        assert late < never < early
        assert read(tail) == [early]
        assert read(tail) == []
        slow.commit()
        lost.rollback()
        assert read(tail) == [late]
    assert read(tail) == []


def test_what_is_open_at_the_beginning_is_shown_when_it_commits(app: Clone) -> None:
    tail = follower(app)
    with app.connect(autocommit=False) as slow:
        late = emit(slow, "a", 1)
        shown = emit(app, "a", 2)
        assert [event["event_id"] for event in tail.begin(5)] == [shown]
        slow.commit()
    assert read(tail) == [late]


def test_each_once_among_many_sessions(app: Clone) -> None:
    chance = random.Random(5)
    tail = follower(app)
    tail.begin(0)
    sessions = [app.connect(autocommit=False) for _ in range(4)]
    waiting: dict[int, list[int]] = {n: [] for n in range(4)}
    committed, seen = [], []
    for step in range(300):
        n = chance.randrange(4)
        act = chance.random()
        if act < 0.5:
            waiting[n].append(emit(sessions[n], chance.choice("ab"), step))
        elif act < 0.7:
            sessions[n].commit()
            committed += waiting[n]
            waiting[n] = []
        elif act < 0.8:
            sessions[n].rollback()
            waiting[n] = []
        else:
            seen += read(tail)
            assert sorted(seen) == sorted(committed)
    assert len(committed) > 50
    for session in sessions:
        session.close()


def test_topics_and_types(app: Clone) -> None:
    tail, updates = follower(app, "a.*", "test"), follower(app, None, "other")
    tail.begin(0)
    updates.begin(0)
    wanted = [emit(app, "a.x", 1), emit(app, "b", 2), emit(app, "a.y", 3)]
    other = app.value("select rota.emit('a.x', 'other', '{}')")
    assert read(tail) == [wanted[0], wanted[2]]
    assert read(updates) == [other]


@pytest.mark.parametrize("late", [False, True], ids=["in_time", "late"])
def test_a_large_statement_comes_in_pages(app: Clone, late: bool) -> None:
    tail = follower(app)
    tail.begin(0)
    with app.connect(autocommit=False) as slow:
        slow.execute(
            "insert into rota_core.event (topic, type, events, record)"
            " select 'a', 'x', 400, (select json_agg(g) from generate_series(1, 400) as g)"
            " from generate_series(1, 10)"
        )
        if late:
            emit_many(app, "a", 3)
            assert len(read(tail)) == 3
        slow.commit()
    pages = []
    while page := tail.more():
        pages.append(page)
    found = [event["event_id"] for page in pages for event in page]
    assert len(found) == len(set(found)) == 4000
    assert found == sorted(found)
    assert max(map(len, pages)) <= 900


def test_a_place_in_another_cluster_means_nothing(app: Clone) -> None:
    tail = follower(app)
    tail.begin(0)
    tail.place["cluster"] -= 1
    emit(app, "a", 1)
    assert read(tail) == []
    assert tail.is_elsewhere
    new = emit(app, "a", 2)
    assert read(tail) == [new]
    assert not tail.is_elsewhere


@contextmanager
def running(app: Clone, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = subprocess.Popen(
        [sys.executable, "-m", "pgrota.cli", "event", "tail", *options],
        env=os.environ | {"ROTA_DATABASE_URL": app.url(), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield command
    finally:
        command.kill()
        command.wait()


def test_the_command_prints_whole_lines_until_ctrl_c(app: Clone) -> None:
    emit(app, "a", 1)
    last = emit(app, "a", 2)
    with running(app, "-n", "1", "--zone", "UTC") as command:
        line = command.stdout.readline()
        assert line.endswith(f'+00:00 {last} a test {{"n": 2}}\n')
        words = "long " * 100
        new = app.value("select rota.emit('a', 't', to_jsonb(%s::text), 'k')", words)
        assert command.stdout.readline().endswith(f' {new} a t key=k "{words}"\n')
        command.send_signal(signal.SIGINT)
        rest, said = command.communicate(timeout=10)
    assert (command.returncode, rest, said) == (130, "", "")


def test_json_is_an_object_a_line(app: Clone) -> None:
    emit(app, "a", 1)
    with running(app, "--json") as command:
        first = json.loads(command.stdout.readline())
        emit(app, "a", 2)
        second = json.loads(command.stdout.readline())
    assert [first["payload"], second["payload"]] == [{"n": 1}, {"n": 2}]
    assert first.keys() == second.keys()


def test_tail_survives_a_restart_of_the_server(crash_database: Clone) -> None:
    prepare(crash_database)
    emit(crash_database, "a", 1)
    with running(crash_database) as command:
        assert '{"n": 1}' in command.stdout.readline()
        crash_database.server.restart("immediate")
        emit(crash_database, "a", 2)
        assert '{"n": 2}' in command.stdout.readline()
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=10)
    assert "the server is away" in said
    assert "the server is back" in said
