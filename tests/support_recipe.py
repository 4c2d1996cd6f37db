"""A database with every recipe, and what its application does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from harness import Clone, Harness
from pgrota import external
from pgrota.external_load import load
from support_event import drain

USERS = """
insert into public.users (email, name)
select 'ada' || g.i || '@example.com', 'Ada ' || g.i from generate_series(1, %s) as g (i)
returning id
"""


@contextmanager
def recipes(harness: Harness) -> Iterator[Clone]:
    """A fresh database with every recipe, as the deploy has left it."""
    clone = harness.clone(template=harness.recipes().name)
    try:
        yield clone
    finally:
        clone.close()


def module_of(recipe: str, task: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of a recipe's handler, loaded as by a worker; its handlers stay in the test."""
    monkeypatch.setattr(external, "handlers", {})
    return sys.modules[load([], [recipe])[task].__module__]


def add_users(app: Clone, count: int = 1) -> list[int]:
    return [user_id for (user_id,) in app.run(USERS, count)]


def add_order(app: Clone, amount: str = "10.00") -> int:
    (user_id,) = add_users(app)
    return app.value(
        "insert into public.orders (user_id, amount) values (%s, %s) returning id", user_id, amount
    )


def replay(app: Clone, subscription: str) -> None:
    """Deliver everything again that the log has."""
    before = delivered(app, subscription)
    app.run("select rota.replay_subscription(%s, since => '-infinity')", subscription)
    drain(app)
    assert delivered(app, subscription) > before, "the events came again"
    assert app.run("select * from rota_core.held_event") == [], "and did no harm"


def delivered(app: Clone, subscription: str) -> int:
    return app.value(
        "select s.delivered from rota.subscriptions as s where s.name = %s", subscription
    )
