"""Slots while the server is down or is killed, and runs that take longer than their schedule."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from harness import Clone, Harness, wait_until
from pgrota.server import Server
from support_crash import is_end_of_session
from support_schedule import HOUR, NOON, define, fire, live_runs, set_clock
from support_storm import LOST, TWICE, Storm, furnish


@pytest.fixture
def app(database: Clone) -> Clone:
    return furnish(database)


@pytest.mark.parametrize(
    ("policy", "outcomes"),
    [
        ({"misfire": "run_once"}, {"missed": 179, "started": 1}),
        ({"misfire": "skip"}, {"missed": 179, "started": 1}),
        ({"misfire": "run_all", "max_catchup": 5}, {"missed": 174, "waiting": 5, "skipped": 1}),
    ],
)
def test_policies_when_sessions_find_the_outage_at_once(
    app: Clone, policy: dict[str, Any], outcomes: dict[str, int]
) -> None:
    """A run of before the outage is still there for run_all, which then waits for it."""
    set_clock(app, NOON)
    define(app, "* * * * *", **policy)
    if policy["misfire"] == "run_all":
        app.run("select rota.start_schedule('job')")
    set_clock(app, NOON + 3 * HOUR)
    dispatchers = [
        app.start("select rota_core.fire_due()" if n % 2 else "select rota_core.fire_due('job')")
        for n in range(6)
    ]
    assert [dispatcher.join() for dispatcher in dispatchers] == [None] * 6
    found = app.run("select s.outcome, count(*) from rota.slots as s group by s.outcome")
    assert dict(found) == outcomes
    assert live_runs(app) == 1


def test_a_server_that_was_down_for_three_hours(
    harness: Harness, make_server: Callable[..., Server]
) -> None:
    app = furnish(harness.clone(make_server(durable=True)))
    policies = ("run_once", "skip", "run_all")
    for misfire in policies:
        define(app, "* * * * *", misfire, misfire=misfire, overlap="allow", max_catchup=7)
    supervisor = app.supervise()
    app.server.stop("fast")
    assert is_end_of_session(supervisor.join())

    # The outage is put into the past, instead of waiting for its end.
    app.server.start()
    down: datetime = app.value("select date_trunc('hour', clock_timestamp()) - interval '3 h'")
    app.run("update rota_core.schedule set next_at = %s", down)
    app.supervise()
    wait_until(
        lambda: app.value("select bool_and(next_at > clock_timestamp()) from rota_core.schedule"),
        what="the supervisor to catch up",
    )
    by_policy = {
        policy: dict(app.run(
            "select s.outcome, count(*) from rota.slots as s where s.schedule = %s"
            " and s.slot < date_trunc('minute', clock_timestamp()) - interval '1 minute'"
            " group by 1", policy,
        ))
        for policy in policies
    }  # fmt: skip
    assert "started" not in by_policy["run_once"]
    assert "started" not in by_policy["skip"]
    assert by_policy["run_all"]["started"] in (5, 6, 7)
    assert (
        app.value(
            "select count(*) from rota.slots where schedule = 'run_once' and outcome = 'started'"
        )
        >= 1
    )
    for policy in policies:
        assert app.run(LOST, down, app.value(
            "select date_trunc('minute', next_at) - interval '1 minute' from rota.schedules"
            " where name = %s", policy,
        ), policy) == []  # fmt: skip
    assert app.run(TWICE) == []


def test_a_server_that_is_killed_while_slots_fire(crash_database: Clone, long: bool) -> None:
    app = furnish(crash_database)
    app.run(
        "select rota.define_schedule('s' || i, '@every 1 second', 'work', overlap => 'allow')"
        " from generate_series(1, 50) as i"
    )
    chance = random.Random(3)
    for _ in range(12 if long else 3):
        with Storm(
            app,
            *["select rota_core.fire_due();commit"] * 2,
            *["select rota_core.fire_due('s1')"] * 2,
            user="rota_worker",
        ) as storm:
            before = app.value("select count(*) from rota_core.slot")
            wait_until(
                lambda before=before: app.value("select count(*) from rota_core.slot") > before,
                what="slots to fire",
            )
            # Somewhere in the second round.
            time.sleep(chance.uniform(0, 1.1))
            app.server.kill()
        assert all(is_end_of_session(error) for error in storm.errors)
        app.server.start()
    wait_until(lambda: fire(app) == 0, what="all that is due")

    gaps, fired, runs = app.run(
        "select count(*) filter (where gap <> '1 second'), count(*), count(distinct run_id)"
        " from (select s.*, s.slot - lag(s.slot) over (partition by schedule order by slot) as gap"
        " from rota_core.slot as s) as s"
    )[0]
    assert (gaps, runs) == (0, fired)
    assert live_runs(app) == fired


NAP = """
create table public.nap (schedule text, during tstzrange);
grant insert on public.nap to rota_worker;
create or replace function public.work(input jsonb) returns void language plpgsql as $$
declare v_since timestamptz := clock_timestamp();
begin
  perform pg_sleep(1.4);
  insert into public.nap values (input ->> 'schedule', tstzrange(v_since, clock_timestamp()));
end $$;
"""


def test_runs_that_take_longer_than_their_schedule(app: Clone) -> None:
    """Workers for all of them at once; a second between slots, 1.4 s for a run."""
    app.run(NAP)
    for overlap in ("skip", "queue", "allow"):
        define(
            app, "@every 1 second", overlap, overlap=overlap, input=f'{{"schedule": "{overlap}"}}'
        )
    for _ in range(8):
        app.work()
    app.supervise()
    app.supervise()
    wait_until(
        lambda: (
            app.value("select min(n) from (select count(*) as n from nap group by schedule) n")
            and app.value("select count(*) from nap where schedule = 'queue'") >= 2
        ),
        what="some runs of each",
    )
    app.run("update rota_core.schedule set next_at = 'infinity'")
    wait_until(
        lambda: app.value(
            "select not exists (select from rota_core.run)"
            " and not exists (select from rota_core.slot where outcome = 'waiting')"
        ),
        30, what="the last runs",
    )  # fmt: skip

    together = (
        "select count(*) from nap as a join nap as b on a.schedule = b.schedule"
        " and a.during && b.during and lower(a.during) < lower(b.during) where a.schedule = %s"
    )
    assert app.value(together, "skip") == 0
    assert app.value(together, "queue") == 0
    assert app.value(together, "allow") > 0
    outcomes = {
        overlap: dict(app.run(
            "select s.outcome, count(*) from rota.slots as s where s.schedule = %s group by 1",
            overlap,
        ))
        for overlap in ("skip", "queue", "allow")
    }  # fmt: skip
    assert set(outcomes["skip"]) == {"started", "skipped"}
    assert set(outcomes["queue"]) == set(outcomes["allow"]) == {"started"}
    for overlap, found in outcomes.items():
        ran = app.value("select count(*) from nap where schedule = %s", overlap)
        assert ran == found["started"], overlap
    assert app.run(TWICE) == []
