"""The log among other sessions: its days are made and dropped without standing in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from harness import Clone

OLD = "2001-01-01"
DAYS = "select p.name from rota_core.partitions('event') as p order by 1"


@contextmanager
def as_owner(database: Clone, **options: Any) -> Iterator[psycopg.Connection[Any]]:
    with database.connect(**options) as session:
        session.execute("set role rota_owner")
        yield session


def days(database: Clone) -> list[str]:
    return [row[0] for row in database.run(DAYS)]


def make_old_day(database: Clone) -> str:
    """A day of long ago, with an event in it."""
    with as_owner(database) as session:
        session.execute(
            f"select rota_core.make_partition('event', '{OLD}', timestamptz '{OLD}' + '1 day')"
        )
        session.execute(
            "insert into rota_core.event (at, topic, type, record)"
            f" values (timestamptz '{OLD} 12:00', 't', 'x', '[1]')"
        )
    return "event_p20010101"


def drop_days(database: Clone) -> None:
    """All days made ahead: what comes then goes to the default partition."""
    with as_owner(database) as session:
        for name in days(database):
            session.execute(f"drop table rota_core.{name}")


def tend(database: Clone) -> bool:
    return database.value("select rota_core.tend_events()", user="rota_worker")


def emit(session: Clone | psycopg.Connection[Any], what: str = "1") -> int:
    statement = "select rota.emit('t', 'x', %s)"
    if isinstance(session, Clone):
        return session.value(statement, what)
    return session.execute(statement, (what,)).fetchone()[0]


def place_of(database: Clone, event_id: int) -> str:
    return database.value(
        "select e.tableoid::regclass::text from rota_core.event as e where e.event_id = %s",
        event_id,
    )


def test_days_are_made_ahead_and_take_a_row_of_a_page(database: Clone) -> None:
    """A deploy has made them."""
    today, tomorrow = database.run(
        "select format('event_p%s', to_char(now() at time zone 'UTC' + d.n, 'YYYYMMDD'))"
        " from (values (interval '0'), ('1 day')) as d (n)"
    )
    assert {today[0], tomorrow[0]} <= set(days(database))
    options = database.run(
        "select c.reloptions from rota_core.partitions('event') as p"
        " join pg_class as c on c.oid = format('rota_core.%I', p.name)::regclass"
    )
    assert {tuple(row[0]) for row in options} == {("toast_tuple_target=8160",)}


def test_a_day_waits_for_a_writer_and_takes_what_it_wrote(database: Clone) -> None:
    drop_days(database)
    with database.connect(autocommit=False) as writer:
        early = emit(writer)
        database.run("select rota_core.ensure_partitions()", user="rota_worker")
        # The default partition is the writer's: nothing could be attached, and nobody waits.
        assert days(database) == []
        other = emit(database)
    assert {place_of(database, each) for each in (early, other)} == {"rota_core.event_default"}

    database.run("select rota_core.ensure_partitions()", user="rota_worker")
    assert len(days(database)) == 4
    assert place_of(database, early).startswith("rota_core.event_p")
    assert place_of(database, other).startswith("rota_core.event_p")
    assert database.value("select count(*) from rota.events") == 2


def test_what_came_long_before_its_day_was_made_is_found_there(database: Clone) -> None:
    database.run(
        "insert into rota_core.event (at, topic, type, record)"
        f" values (timestamptz '{OLD} 12:00', 't', 'x', '[1]')"
    )
    database.run("select rota_core.ensure_partitions()", user="rota_worker")
    assert days(database)[0] == "event_p20010101"
    assert database.value("select count(*) from only rota_core.event_default") == 0


def test_a_day_is_not_dropped_before_a_writer_has_ended(database: Clone) -> None:
    old = make_old_day(database)
    with database.connect(autocommit=False) as writer:
        emit(writer)
        assert tend(database) is True
        assert old in days(database)
        emit(database)
    assert tend(database) is True
    assert old not in days(database)
    assert database.value("select to_regclass('rota_core.event_p20010101')") is None
    assert database.value("select count(*) from rota.events") == 2


def test_a_day_that_was_written_to_since_it_was_looked_at_stays(database: Clone) -> None:
    old = make_old_day(database)
    seen = database.value("select pg_current_snapshot()::text")
    database.run(
        "insert into rota_core.event (at, topic, type, record)"
        f" values (timestamptz '{OLD} 12:00', 't', 'late', '[1]')"
    )
    drop = "select rota_core.drop_partition('event', %s, %s::pg_snapshot)"
    with as_owner(database) as session:
        assert session.execute(drop, (old, seen)).fetchone()[0] is False
        assert days(database) == [old, *days(database)[1:]]
        now = session.execute("select pg_current_snapshot()::text").fetchone()[0]
        assert session.execute(drop, (old, now)).fetchone()[0] is True
    assert old not in days(database)


def test_two_supervisors_at_once(database: Clone) -> None:
    old = make_old_day(database)
    with database.connect("rota_worker", autocommit=False) as first:
        assert first.execute("select rota_core.tend_events()").fetchone()[0] is True
        assert tend(database) is False
    assert tend(database) is True
    assert old not in days(database)


def test_a_day_that_somebody_has_not_read_stays(database: Clone) -> None:
    """Also where its reader is in the middle of it."""
    old = make_old_day(database)
    database.run(
        "insert into rota_core.event (at, topic, type, events, record)"
        f" values (timestamptz '{OLD} 13:00', 't', 'x', 2, '[1,2]')"
    )
    database.run(
        "select rota.subscribe('s', 't', null, since => 'earliest', max_lag => '99 years')"
    )
    tend(database)
    assert old in days(database)

    for _ in range(2):
        assert database.value("select event_id from rota.fetch_events('s', 1)")
        tend(database)
        assert old in days(database)
    assert database.value("select event_id from rota.fetch_events('s', 1)")
    tend(database)
    assert old not in days(database)


def test_a_late_commit_holds_its_day_and_lags(database: Clone) -> None:
    make_old_day(database)
    database.run(
        "select rota.subscribe('s', 't', null, since => 'earliest', max_lag => '99 years')"
    )
    fetch = "select f.event_id from rota.fetch_events('s') as f"
    oldest = "select l.event_id from rota_core.lags() as l"
    with database.connect(autocommit=False) as late:
        straggler = late.execute(
            "insert into rota_core.event (at, topic, type, record)"
            f" values (timestamptz '{OLD} 13:00', 't', 'late', '[1]') returning event_id"
        ).fetchone()[0]
        emit(database)
        assert len(database.run(fetch)) == 2
        assert database.value(oldest) is None
        late.commit()
    assert database.value(oldest) == straggler
    tend(database)
    assert "event_p20010101" in days(database)

    assert database.run(fetch) == [(straggler,)]
    assert database.value(oldest) is None
    tend(database)
    assert "event_p20010101" not in days(database)


def test_a_dead_subscriber_does_not_hold_the_log_for_ever(database: Clone) -> None:
    """The supervisor lets go of it, and says so; it goes on with what is there."""
    old = make_old_day(database)
    database.run("select rota.subscribe('s', 't', null, since => 'earliest', max_lag => '1 h')")
    kept = database.value(
        "insert into rota_core.event (at, topic, type, record)"
        " values (now() - interval '5 hours', 't', 'x', '[1]') returning event_id"
    )
    database.run("call rota.supervise('100 ms')", user="rota_worker")
    assert old in days(database)
    database.run("update rota_core.event_position set lag_noted_at = now() - interval '61 min'")
    database.run("call rota.supervise('100 ms')", user="rota_worker")
    assert old not in days(database)

    database.run("select rota.resume('subscription', 's')")
    # It is as far behind as before, and given time to catch up.
    tend(database)
    assert database.value("select not s.paused from rota.subscriptions as s")
    assert database.run("select f.event_id from rota.fetch_events('s') as f") == [(kept,)]
    said = database.run(
        "select l.message from rota.logs as l where l.level = 'error' order by l.log_id"
    )
    assert [row[0].split(" ", 2)[2][:12] for row in said] == [
        "lags: it has",
        "is paused an",
        "has missed 1",
        "lags: it has",
    ]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_the_tail_of_the_log(database: Clone, count: int) -> None:
    rows = database.run(
        "insert into rota_core.event (topic, type, events, record)"
        " select case n % 2 when 0 then 'a.even' else 'b' end, 'x', 3, '[1,2,3]'"
        " from generate_series(1, 6) as n returning event_id, topic"
    )
    ids = [(row[0] + place, row[1]) for row in rows for place in range(3)]
    tail = "select t.event_id, t.topic from rota_core.tail_events(%s, %s, %s) as t"
    assert database.run(tail, None, None, count) == ids[-count:]
    even = [each for each in ids if each[1] == "a.even"]
    assert database.run(tail, None, ["a.*"], count) == even[-count:]
    assert database.run(tail, ids[4][0], None, count) == ids[5:][:count]
    assert (
        database.run(tail, ids[4][0], ["a.even", "c"], count)
        == [each for each in even if each[0] > ids[4][0]][:count]
    )
