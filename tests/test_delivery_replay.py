"""A replay delivers again what was asked for, and leaves out nothing that had not been read."""

from __future__ import annotations

from collections import Counter

import pytest

from harness import Clone
from support_event import (
    DELIVER,
    delivered,
    drain,
    emit,
    emit_many,
    handler,
    open_session,
    prepare,
    subscribe,
)


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def test_a_replay_leaves_out_nothing_that_had_not_been_read(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    with open_session(app) as late, open_session(app) as later:
        emit(late, "orders", 0)
        emit(later, "orders", 1)
        ids = [emit(app, "orders", n) for n in (2, 3, 4)]
        drain(app)
        # Committed before the replay, but not read; and committed after it.
        late.commit()
        emit(app, "orders", 5)
        app.run("truncate app.got")
        app.run("select rota.replay_subscription('note', since_id => %s)", ids[1])
        drain(app)
        assert sorted(delivered(app)) == [0, 3, 4, 5]
        later.commit()
    drain(app)
    assert sorted(delivered(app)) == [0, 1, 3, 4, 5]

    # From a place that it has not come to yet.
    app.run("truncate app.got")
    emit_many(app, "orders", 3, first=6)
    last = emit(app, "orders", 9)
    app.run("select rota.replay_subscription('note', since_id => %s)", last)
    drain(app)
    assert delivered(app) == [6, 7, 8, 9]


@pytest.mark.parametrize("phase", [0, 1])
def test_a_replay_in_the_middle_of_a_window(app: Clone, phase: int) -> None:
    subscribe(app, handler(app, "note", "batch"), "orders", mode="batch", batch_size=10)
    with open_session(app) as late:
        for n in range(1200):
            emit(late, "orders", n)
        emit(app, "orders", 1200)
        drain(app)
        emit_many(app, "orders", 1200, first=1201)
        late.commit()
    # A window is open, in the middle of the stragglers or of what is new.
    with app.connect() as session:
        for _ in range(1 if phase == 0 else 4):
            session.execute(DELIVER)
    place = app.run("select p.phase, p.high is not null from rota_core.event_position as p")
    assert place == [(phase, True)]
    had = Counter(delivered(app))
    again = {0: 300, 1: 1300}[phase]
    number = app.value(
        "select e.event_id from rota.events as e where e.payload ->> 'n' = %s", str(again)
    )
    app.run("select rota.replay_subscription('note', since_id => %s)", number)
    drain(app)
    counts = Counter(delivered(app))
    wrong = {
        n: (had[n], counts[n]) for n in range(2401)
        if counts[n] != 1 + (n >= again and had[n])
    }  # fmt: skip
    assert wrong == {}
