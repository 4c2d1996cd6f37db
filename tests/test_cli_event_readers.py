"""`rota subscription`, `rota dead-letters`, and where else subscriptions are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import Clone
from pgrota import errors
from support_event import delivered, drain, emit, emit_many, handler, prepare, subscribe
from support_run import here, ok, refused
from support_schedule_cli import line_of, width


@pytest.fixture
def app(database: Clone) -> Clone:
    """Five events: 1 is dead, 2 waits for its next attempt."""
    prepare(database)
    subscribe(database, handler(database, "note", max_attempts=1), "orders")
    subscribe(
        database, handler(database, "slow", initial_delay="1 h"), "orders", "patient",
        ordered=True, filter="$.payload.n >= 2",
    )  # fmt: skip
    database.run("insert into app.bad values (1), (2)")
    for n in range(4):
        emit(database, "orders", n, "k")
    drain(database)
    database.run("delete from app.bad where n = 2")
    return database


def told(app: Clone, *arguments: str) -> Any:
    return json.loads(ok(app, *arguments, "--json"))


def test_list(app: Clone) -> None:
    subscribe(app, None, "payment", "outside")
    text = ok(app, "subscription", "list")
    assert line_of(text, "note").split() == ["note", "orders", "2", "2", "on"]
    assert line_of(text, "patient").split() == ["patient", "orders", "slow", "0", "1", "1", "on"]
    assert line_of(text, "outside").split() == ["outside", "payment", "(fetched)", "0", "on"]
    rows = told(app, "subscription", "list")
    assert [(r["name"], r["dead"], r["retrying"]) for r in rows] == [
        ("note", 2, 0), ("outside", 0, 0), ("patient", 0, 1),
    ]  # fmt: skip


def test_list_in_80_columns_and_what_deserves_a_look(app: Clone) -> None:
    app.run("select rota.pause('subscription', 'patient', null, 'the shop is moving house')")
    subscribe(app, "note", "a-topic-with-a-long-name.*", "a-subscription-with-a-long-name")
    emit(app, "orders", 9)
    app.run("update rota_core.event set at = at - interval '3 days'")
    text = here("subscription", "list", url=app.url(), COLUMNS="80").stdout
    assert width(text) <= 80
    assert "paused" in line_of(text, "patient")
    for word in ("the", "shop", "is", "moving", "house"):
        assert word in text
    assert "a-subscription-with-a-" in text
    assert "behind" in line_of(text, "note", "3 d")


def test_show(app: Clone) -> None:
    text = ok(app, "subscription", "show", "patient", "--zone", "Asia/Tokyo")
    assert text.startswith("patient  on\nTimes in Asia/Tokyo\n")
    assert "filter" in text
    assert "held       1 to try again, 1 waiting behind one of their key" in text
    bad, good = (e for (e,) in app.run(
        "select e.event_id from rota.events as e where (e.payload ->> 'n')::int >= 2 order by 1"
    ))  # fmt: skip
    assert line_of(text, str(bad), "bad event 2", "in 59 min")
    assert line_of(text, str(good), "waits")
    assert "runs of its reader" in text
    found = told(app, "subscription", "show", "patient")
    assert [each["event_id"] for each in found["held"]] == [bad, good]
    assert found["places"][0]["read_to"] >= good
    assert found["runs"][0]["state"] == "succeeded"
    assert "next: rota dead-letters list note\n" in ok(app, "subscription", "show", "note")


def test_show_of_shards_in_80_columns(app: Clone) -> None:
    subscribe(app, "note", "many", "sharded", shards=3, since="earliest")
    emit_many(app, "many", 30, first=10, keys=5)
    drain(app)
    text = here("subscription", "show", "sharded", url=app.url(), COLUMNS="80").stdout
    assert width(text) <= 80
    assert "3 shards" in text
    places = told(app, "subscription", "show", "sharded")["places"]
    assert sum(place["delivered"] for place in places) == 30


def test_a_misspelt_name_is_answered_with_similar_ones(app: Clone) -> None:
    for command in (
        ("subscription", "show", "pateint"),
        ("subscription", "pause", "pateint"),
        ("subscription", "resume", "pateint"),
        ("subscription", "replay", "pateint", "--since", "1h", "--yes"),
        ("dead-letters", "list", "pateint"),
        ("dead-letters", "show", "pateint", "1"),
        ("dead-letters", "redrive", "pateint", "--all"),
        ("dead-letters", "discard", "pateint", "1", "--reason", "x"),
    ):
        said = refused(app, *command)
        assert "subscription pateint does not exist\nNearly so: patient\n" in said, command
    assert "Nearly so: slow" in refused(app, "task", "show", "slwo")
    assert "Nearly so: slow" in refused(app, "task", "pause", "slwo")


def test_pause_and_resume(app: Clone) -> None:
    said = ok(app, "subscription", "pause", "note", "--reason", "moving")
    assert said == "subscription note is paused; go on with: rota subscription resume note\n"
    assert ok(app, "subscription", "show", "note").startswith("note  paused moving\n")
    emit(app, "orders", 8)
    drain(app)
    assert 8 not in delivered(app, "note")
    assert ok(app, "subscription", "resume", "note").startswith("subscription note goes on, ")
    drain(app)
    assert 8 in delivered(app, "note")
    zone = ("--zone", "Asia/Tokyo")
    said = ok(app, "subscription", "pause", "note", "--until", "2999-01-31 12:00", *zone)
    assert said == "subscription note is paused until Thu 2999-01-31 12:00 (Asia/Tokyo)\n"
    refused(app, "subscription", "pause", "note", "--until", "2020-01-01", code=errors.USAGE)


def test_replay(app: Clone) -> None:
    app.run("delete from app.bad")
    refused(app, "subscription", "replay", "note", code=errors.USAGE)
    refused(app, "subscription", "replay", "note", "--since", "1h", "--since-id", "1",
            code=errors.USAGE)  # fmt: skip
    refused(app, "subscription", "replay", "note", "--since", "2999-01-01", code=errors.USAGE)
    before = delivered(app, "note")
    # Nobody is there to be asked.
    done = here("subscription", "replay", "note", "--since", "1h", url=app.url())
    assert done.returncode == errors.ERROR
    assert "Deliver 4 events since " in done.stderr
    drain(app)
    assert delivered(app, "note") == before

    said = ok(app, "subscription", "replay", "note", "--since", "1h", "--yes", "--zone", "UTC")
    assert said.startswith("subscription note reads 4 events since ")
    drain(app)
    assert delivered(app, "note")[len(before) :] == [0, 1, 2, 3]
    third = app.value("select e.event_id from rota.events as e where e.payload ->> 'n' = '2'")
    found = told(app, "subscription", "replay", "patient", "--since-id", str(third), "--yes")
    assert (found["events"], found["subscription"]) == (2, "patient")


# dead letters


def test_dead_letters(app: Clone) -> None:
    text = ok(app, "dead-letters", "list", "--zone", "UTC")
    assert text.startswith("Times in UTC\n")
    assert line_of(text, "bad event 1", "note", "P0001")
    assert ok(app, "dead-letters", "list", "patient") == "no dead letters\n"
    rows = told(app, "dead-letters", "list", "note")
    assert [row["event"]["payload"]["n"] for row in rows] == [2, 1]
    event_id = rows[1]["event_id"]
    text = ok(app, "dead-letters", "show", "note", str(event_id))
    assert "message  bad event 1" in text
    assert "rota_core." not in text
    assert f"next: rota dead-letters redrive note {event_id}\n" in text
    assert f"dead letter of note: rota dead-letters show note {event_id}" in ok(
        app, "event", "show", str(event_id)
    )
    said = refused(app, "dead-letters", "show", "note", "5")
    assert "event 5 is no dead letter of note\nHint: rota dead-letters list note" in said
    assert "older ones" in ok(app, "dead-letters", "list", "-n", "1")


def test_redrive_and_discard(app: Clone) -> None:
    two, one = (row["event_id"] for row in told(app, "dead-letters", "list", "note"))
    for wrong in ((), (str(one), "--all")):
        refused(app, "dead-letters", "redrive", "note", *wrong, code=errors.USAGE)
    done = here("dead-letters", "redrive", "note", str(two), "5", url=app.url())
    assert done.returncode == errors.ERROR
    assert done.stdout == "1 dead letter of note due again\n"
    assert "1 of the numbers given is of no dead letter" in done.stderr
    drain(app)
    assert 2 in delivered(app, "note")

    refused(app, "dead-letters", "discard", "note", str(one), code=errors.USAGE)
    said = ok(app, "dead-letters", "discard", "note", str(one), "--reason", "sent by hand")
    assert said == "1 dead letter of note discarded\n"
    assert told(app, "dead-letters", "list") == []
    assert told(app, "dead-letters", "redrive", "note", "--all") == {
        "subscription": "note", "count": 0, "missing": 0,
    }  # fmt: skip


# elsewhere


def test_status_shows_subscriptions(app: Clone) -> None:
    text = here("status", url=app.url(), COLUMNS="80").stdout.partition("\nSubscriptions")[2]
    assert width(text) <= 80
    assert line_of(text, "patient", "slow")
    assert [row["name"] for row in told(app, "status")["subscriptions"]] == ["note", "patient"]


def test_status_of_many_shows_those_that_deserve_a_look(app: Clone) -> None:
    for n in range(20):
        subscribe(app, "note", "orders", f"quiet-{n}")
    text = ok(app, "status").partition("Subscriptions")[2]
    assert "patient" in text
    assert "quiet" not in text
    assert "22 subscriptions in all: rota subscription list" in text


def test_a_task_says_who_feeds_it(app: Clone) -> None:
    subscribe(app, "slow", "other.*", "second", types=["INSERT", "DELETE"])
    text = ok(app, "task", "show", "slow")
    assert "orders by subscription patient" in text
    assert "other.* INSERT, DELETE by subscription second" in text
    assert told(app, "task", "show", "slow")["subscriptions"] == ["patient", "second"]


def test_runs_of_a_reader_say_for_whom(app: Clone) -> None:
    narrow = here("run", "list", url=app.url(), COLUMNS="80").stdout
    assert width(narrow) <= 80
    assert line_of(narrow, "subscription:patient", "succeeded")
    (run,) = told(app, "run", "list", "--task", "subscription:patient")
    text = ok(app, "run", "show", str(run["run_id"]))
    assert "reads for  subscription patient\n" in text
    assert "events     0\n" in text
    assert text.endswith("next: rota subscription show patient\n")
