"""Schedules when the primary is lost and a streaming standby takes its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import psycopg
import pytest

from harness import Clone, Harness, wait_until
from pgrota.server import Server
from support_deploy import rota
from support_schedule import MINUTE, NOON, define, fire, prepare, set_clock, slots
from support_standby import cut, fail_over, is_lost, wait_for_standby

EFFECT = """
create table public.effect (n int, run_id bigint);
grant insert on public.effect to rota_worker;
create or replace function public.work(input jsonb) returns void language sql as $$
  insert into public.effect (n, run_id)
  values ((input ->> 'n')::int, split_part(current_setting('application_name'), ' ', 3)::bigint)
$$;
"""
# Of each schedule's slots: how many, and whether one is left out.
SEQUENCES = """
select s.schedule, count(*),
  bool_and(s.outcome = 'started' and (gap is null or gap = interval '1 second'))
from (
  select o.*, o.slot - lag(o.slot) over (partition by o.schedule order by o.slot) as gap
  from rota.slots as o
) as s
group by s.schedule
"""
Pair = tuple[Clone, Clone]


@pytest.fixture
def pair(harness: Harness, make_server: Callable[..., Server]) -> Iterator[Pair]:
    """The same database on a primary and on its standby.

    Without fsync: what a killed process has written, the kernel keeps.
    """
    primary = harness.clone(make_server(synchronous_commit="on", full_page_writes="on"))
    prepare(primary)
    primary.run(EFFECT)
    standby = harness.make_standby(primary.server)
    yield primary, Clone(standby, primary.name)
    harness.discard(standby)


def one_effect_for_each_run(app: Clone) -> None:
    assert (
        app.run(
            "select r.run_id, r.state, count(e.*) from rota.runs as r"
            " left join public.effect as e using (run_id) group by r.run_id, r.state"
            " having r.state <> 'succeeded' or count(e.*) <> 1"
        )
        == []
    )


def test_each_slot_once_through_a_failover(pair: Pair) -> None:
    primary, standby = pair
    primary.run(
        "select rota.define_schedule('s' || i, '@every 1 second', 'work', overlap => 'allow')"
        " from generate_series(1, 20) as i"
    )
    members = [primary.supervise(), primary.supervise(), primary.work(), primary.work()]
    wait_until(
        lambda: standby.value("select count(*) from rota.slots") >= 40,
        what="two rounds on the standby",
    )
    fail_over(primary.server, standby.server)
    assert all(is_lost(member.join()) for member in members)

    survived = standby.value("select max(s.slot) from rota.slots as s")
    standby.supervise()
    standby.supervise()
    standby.work()
    wait_until(
        lambda: (
            standby.value(
                "select min(newest) from (select max(s.slot) as newest from rota.slots as s"
                " group by s.schedule) as n"
            )
            >= survived + timedelta(seconds=3)
        ),
        timeout=20,
        what="three more rounds",
    )
    standby.run("update rota_core.schedule set next_at = 'infinity'")
    wait_until(
        lambda: standby.value("select count(*) from rota_core.run") == 0, 20, what="the last runs"
    )

    sequences = standby.run(SEQUENCES)
    assert len(sequences) == 20
    assert all(whole for _, _, whole in sequences), "a slot was left out"
    fired, runs = standby.run("select count(*), count(distinct s.run_id) from rota.slots as s")[0]
    assert runs == fired == standby.value("select count(*) from rota.runs")
    one_effect_for_each_run(standby)


def test_a_slot_that_the_standby_never_heard_of_is_fired_again(pair: Pair) -> None:
    """Asynchronous replication loses the last moments: what they did in the database is undone,
    and done again; what they did outside is done twice."""
    primary, standby = pair
    set_clock(primary, NOON)
    define(primary, "* * * * *", overlap="allow")
    set_clock(primary, NOON + MINUTE)
    fire(primary)
    wait_for_standby(primary.server, standby.server)
    cut(primary.server, standby.server)

    set_clock(primary, NOON + 2 * MINUTE)
    fire(primary)
    primary.work()
    wait_until(lambda: primary.value("select count(*) from effect") == 2, what="the runs")
    seen_outside = primary.value("select count(*) from effect")
    assert slots(primary) == [("12:01", "started"), ("12:02", "started")]
    assert slots(standby) == [("12:01", "started")]
    fail_over(primary.server, standby.server)

    set_clock(standby, NOON + 2 * MINUTE + timedelta(seconds=20))
    first, second = (standby.start("select rota_core.fire_due()") for _ in range(2))
    assert (first.join(), second.join()) == (None, None)
    standby.work()
    wait_until(lambda: standby.value("select count(*) from effect") == 2, what="the runs again")
    seen_outside += standby.value("select count(*) from effect")

    assert fire(standby) == 0
    assert slots(standby) == [("12:01", "started"), ("12:02", "started")]
    wait_until(lambda: standby.value("select count(*) from rota_core.run") == 0, what="the end")
    one_effect_for_each_run(standby)
    assert seen_outside == 4


def test_a_synchronous_standby_has_every_slot_that_was_fired(pair: Pair) -> None:
    primary, standby = pair
    primary.run("alter system set synchronous_standby_names = '*'")
    primary.run("select pg_reload_conf()")
    wait_until(
        lambda: primary.value("select sync_state from pg_stat_replication") == "sync",
        what="the standby to be synchronous",
    )
    primary.run(
        "select rota.define_schedule('s' || i, '@every 1 second', 'work', overlap => 'allow')"
        " from generate_series(1, 20) as i"
    )
    seen: set[tuple] = set()

    def watch() -> None:
        try:
            with primary.connect() as connection:
                while True:
                    seen.update(
                        connection.execute("select s.schedule, s.slot, s.run_id from rota.slots s")
                    )
        except psycopg.OperationalError:
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    primary.supervise()
    wait_until(lambda: len(seen) >= 40, what="two rounds")
    fail_over(primary.server, standby.server)
    watcher.join(20)
    there = set(standby.run("select s.schedule, s.slot, s.run_id from rota.slots as s"))
    assert seen <= there, "what was seen is lost"


def test_a_standby_says_that_it_is_one(pair: Pair) -> None:
    primary, standby = pair
    primary.run("grant rota_reader to rota_worker")
    wait_for_standby(primary.server, standby.server)
    for call in ("rota.supervise()", "rota.work()", "rota.serve()"):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction) as refused:
            standby.run(f"call {call}", user="rota_worker")
        assert refused.value.diag.message_primary == (
            "this server is a standby, where nothing can be written"
        )
        assert "select pg_promote();" in refused.value.diag.message_hint

    worker = rota("worker", url=standby.url("rota_worker"))
    assert worker.returncode != 0
    assert worker.stderr.count("this server is a standby") == 1
    assert "give the address of the primary" in worker.stderr

    doctor = rota("doctor", url=standby.url())
    assert doctor.returncode == 0, doctor.stdout
    assert doctor.stdout.startswith("warning   standby")
    assert "nothing runs here until it is promoted" in doctor.stdout
    assert "critical" not in doctor.stdout
    assert rota("status", url=standby.url()).returncode == 0
    assert rota("schedule", "list", url=standby.url()).returncode == 0
