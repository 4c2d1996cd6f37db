"""Starts with a key: one run, whoever comes first."""

from __future__ import annotations

import pytest

from harness import Clone, wait_until
from support_worker import all_ended, define, prepare, rows


@pytest.fixture
def app(database: Clone) -> Clone:
    return prepare(database)


def wait_for_lock(app: Clone, pid: int) -> None:
    wait_until(
        lambda: app.value("select true from pg_locks where pid = %s and not granted", pid),
        what=f"backend {pid} to wait",
    )


def test_one_run_comes_of_two_starts_with_one_key(app: Clone) -> None:
    define(app, "quick", "perform app.note('x'); return null;")
    statement = "select s.run_id, s.is_new from rota.start('quick', key => 'k') as s"
    with app.connect(autocommit=False) as first:
        mine = first.execute(statement).fetchone()
        second = app.start(statement, user="postgres")
        wait_until(
            lambda: app.value(
                "select true from pg_locks where pid = %s and not granted", second.pid
            ),
            what="the second start to wait",
        )
        first.commit()
    assert second.join() is None
    assert mine[1] is True
    assert app.value("select count(*) from rota.runs") == 1

    # And the other way round: the first is rolled back, so the second is the first.
    with app.connect(autocommit=False) as first:
        first.execute("select rota.start('quick', key => 'other')")
        second = app.start("select rota.start('quick', key => 'other')", user="postgres")
        wait_until(
            lambda: app.value(
                "select true from pg_locks where pid = %s and not granted", second.pid
            ),
            what="the second start to wait",
        )
        first.rollback()
    assert second.join() is None
    assert rows(app, "select key, count(*) as n from rota.runs group by 1 order by 1") == [
        {"key": "k", "n": 1}, {"key": "other", "n": 1},
    ]  # fmt: skip
    app.work()
    all_ended(app)
    assert app.run(statement.replace("s.run_id, ", "")) == [(False,)]
    assert app.value("select count(*) from app.effect") == 2


def test_many_starts_with_few_keys_at_once(app: Clone) -> None:
    define(app, "quick", "perform app.note('x'); return null;")
    starters = [
        app.start(
            "do $$ begin for i in 1..200 loop"
            " perform rota.start('quick', key => 'k' || i % 20); commit; end loop; end $$",
            user="postgres",
        )
        for _ in range(3)
    ]
    app.work()
    for starter in starters:
        assert starter.join() is None
    all_ended(app)
    assert app.value("select count(*) from app.effect") == 20
