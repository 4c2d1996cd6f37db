"""What pg_cron keeps of our jobs is read once, and purged when it is old."""

from __future__ import annotations

import pytest

from harness import Clone
from support_cron_jobs import (
    ends,
    harvest,
    job_id,
    ran,
    tend,
    tidy,
    with_command,
)


@pytest.fixture
def app(cron_database: Clone) -> Clone:
    return with_command(cron_database)


def test_what_pg_cron_keeps_is_purged_when_it_is_old_and_read(app: Clone) -> None:
    old = "now() - interval '8 days'"
    gone = [
        ran(app, tidy(app), start=old, end=old),
        ran(app, job_id(app, "supervisor"), start=old, end=old),
        ran(app, 4711, "failed", "job canceled", start=None, end=None),
    ]
    kept = [
        ran(app, tidy(app), "running", start=old, end=None),
        ran(app, tidy(app), start=old, end=old, database="another"),
        ran(app, tidy(app), start=old, end=old, username="postgres"),
    ]
    gone.append(ran(app, job_id(app, "supervisor"), start=old, end=old))
    kept.append(ran(app, tidy(app)))
    app.run("select rota_core.purge_cron()")
    left = "select array_agg(d.runid order by d.runid) from cron.job_run_details as d"
    assert app.value(left) == sorted(gone + kept), "nothing is read yet"

    assert harvest(app) == 2
    app.run("select rota.configure('cron_keep', '9 days')")
    assert tend(app)
    assert app.value(left) == sorted(gone + kept)
    app.run("select rota.configure('cron_keep', '7 days')")
    for _ in range(2):
        assert tend(app)
        assert app.value(left) == sorted(kept)

    ends(app, kept[0], "succeeded", "VACUUM", old)
    assert tend(app)
    assert app.value(left) == sorted(kept), "it is old, and not read"
    assert harvest(app) == 1
    assert tend(app)
    assert app.value(left) == sorted(kept[1:])
    place = app.value("select p.purged_through from rota_core.cron_place as p")
    assert place == kept[-1] - 1


def test_rows_of_others_are_passed_by(app: Clone) -> None:
    for _ in range(50):
        last = ran(app, tidy(app), username="postgres")
    seen = "select p.seen_through from rota_core.cron_place as p"
    earlier = "update rota_core.cron_place set drawn_at = now() - interval '1 min'"
    assert (harvest(app), tend(app), tend(app)) == (0, True, True)
    assert app.value(seen) == 0, "one may just have been drawn"
    app.run(earlier)
    assert tend(app)
    assert app.value(seen) == last

    ran(app, tidy(app))
    last = ran(app, tidy(app), username="postgres")
    for _ in range(2):
        app.run(earlier)
        assert tend(app)
    assert app.value(seen) < last, "not over one that is ours"
    assert harvest(app) == 1
    app.run(earlier)
    assert tend(app)
    assert app.value(seen) == last


def test_a_pg_cron_that_is_made_anew_counts_anew(app: Clone) -> None:
    for _ in range(3):
        ran(app, tidy(app))
    assert harvest(app) == 3
    app.run("drop extension pg_cron")
    assert (harvest(app), tend(app)) == (0, True)
    app.run("create extension pg_cron")
    app.run("grant usage on schema cron to rota_worker")
    assert tend(app)
    number = ran(app, tidy(app), start="clock_timestamp()", end="clock_timestamp()")
    assert number == 1
    app.run("update cron.job_run_details set end_time = now() - interval '2 s'")
    assert harvest(app) == 1
    assert app.value("select count(*) from rota.runs") == 4
