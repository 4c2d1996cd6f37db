"""Each event of a subscription once: whole batches, in halves, in order, late commits, crashes."""

from __future__ import annotations

import pytest

from harness import Clone
from support_event import delivered, drain, emit, handler, prepare, subscribe


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def test_events_reach_the_handler_once_and_in_order(app: Clone) -> None:
    subscribe(app, handler(app, "note"), "orders")
    for n in range(20):
        emit(app, "orders", n)
    drain(app)
    assert delivered(app) == list(range(20))
    drain(app)
    assert delivered(app) == list(range(20))
