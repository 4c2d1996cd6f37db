"""The recipe row_events: changes find the handler of their type, and each counts once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from harness import Clone, Harness, wait_until
from pgrota import project
from support_event import drain
from support_recipe import add_users, recipes, replay

ANSWER = {"message": "Event processed successfully"}
USAGE = "select u.files, u.bytes from row_events.usage as u order by u.owner_id"
WRONG = "select count(*) from row_events.difference"
FILES = """
insert into public.files (owner_id, path, bytes)
select u.id, u.id || '/' || g.i, 10 * g.i
from public.users as u cross join generate_series(1, %s) as g (i)
"""


@pytest.fixture
def app(harness: Harness) -> Iterator[Clone]:
    with recipes(harness) as clone:
        yield clone


def envelope(kind: str, record: Any = None, old_record: Any = None, **more: Any) -> Jsonb:
    """As a webhook sends it."""
    return Jsonb(
        {"type": kind, "table": "files", "schema": "public", "record": record,
         "old_record": old_record, **more}
    )  # fmt: skip


def test_an_event_is_dispatched_by_its_type_and_answered(app: Clone) -> None:
    call = "select rota.call_task('row-events', %s)"
    one, two = {"owner_id": 1, "bytes": 10}, {"owner_id": 2, "bytes": 30}
    assert app.value(call, envelope("INSERT", one)) == ANSWER
    assert app.run(USAGE) == [(1, 10)]
    assert app.value(call, envelope("UPDATE", two, one)) == ANSWER
    assert app.run(USAGE) == [(0, 0), (1, 30)]
    assert app.value(call, envelope("DELETE", None, two)) == ANSWER
    assert app.run(USAGE) == [(0, 0), (0, 0)]
    for _ in range(2):
        assert app.value(call, envelope("INSERT", one, event_id=7)) == ANSWER
    assert app.run(USAGE) == [(1, 10), (0, 0)]

    run_id = app.value(
        "select s.run_id from rota.start('row-events', %s) as s", envelope("INSERT", one)
    )
    drain(app)
    assert app.value("select r.output from rota.runs as r where r.run_id = %s", run_id) == ANSWER


@pytest.mark.parametrize(
    "event",
    [
        envelope("TRUNCATE"),
        envelope("UPDATE", {"owner_id": 1, "bytes": 1}),
        envelope("INSERT"),
        envelope("DELETE", {"owner_id": 1, "bytes": 1}),
        Jsonb({}),
    ],
)
def test_what_is_no_row_change_is_refused(app: Clone, event: Jsonb) -> None:
    with pytest.raises(psycopg.Error, match="is not one of a row") as refused:
        app.run("select rota.call_task('row-events', %s)", event)
    assert refused.value.sqlstate == "22023"
    assert app.run(USAGE) == []


def test_changes_of_every_kind_are_counted_once(app: Clone) -> None:
    add_users(app, 3)
    app.run(FILES, 10)
    app.run("update public.files set bytes = bytes + 1 where bytes > 50")
    app.run("update public.files set owner_id = 1 where owner_id = 2 and bytes < 50")
    app.run("update public.files set path = path || '.txt'")
    app.run("delete from public.files where owner_id = 3 and bytes > 20")
    assert app.value(WRONG) == 3
    drain(app)
    assert app.value(WRONG) == 0
    counted = app.run(USAGE)
    assert [files for files, _ in counted] == [14, 6, 2]
    replay(app, "row-events")
    assert app.run(USAGE) == counted


def test_changes_side_by_side_while_a_worker_is_lost(app: Clone) -> None:
    add_users(app, 5)
    app.run(FILES, 20)
    body = (
        "do $$ begin for i in 1..150 loop"
        " update public.files set bytes = i, owner_id = 1 + (id + i) % 5 where id % 7 = i % 7;"
        " commit; end loop; end $$"
    )
    app.supervise()
    lost = app.work()
    writers = [app.start(body, "postgres") for _ in range(2)]
    wait_until(lambda: app.value("select count(*) from row_events.handled") > 200)
    lost.terminate()
    app.work()
    for writer in writers:
        # They take the rows in one order or another; who loses a deadlock has written enough.
        writer.join()
    assert app.value("select count(*) from rota.events") > 200
    wait_until(lambda: app.value(WRONG) == 0, timeout=30)


def test_files_that_were_there_first_are_counted(app: Clone) -> None:
    app.run("select rota.unsubscribe('row-events')")
    add_users(app, 2)
    app.run(FILES, 4)
    app.run("insert into row_events.usage values (99, 1, 1)")
    with app.connect(autocommit=False) as writer, app.connect(autocommit=False) as deployer:
        writer.execute("update public.files set bytes = 7 where owner_id = 1")
        deploy = (project.recipe("row_events").folder / "definitions.sql").read_text()
        deployer.execute("set lock_timeout = '100 ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            deployer.execute(deploy)
        deployer.rollback()
        writer.commit()
        deployer.execute(deploy)
        deployer.commit()
    assert app.run(USAGE) == [(4, 28), (4, 100)]
    app.run("delete from public.files where bytes = 40")
    drain(app)
    assert app.value(WRONG) == 0
