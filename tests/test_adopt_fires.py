"""Jobs that pg_cron fires before they are adopted and rota after, and the other way round."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness import Clone, wait_until
from pgrota import config
from support_adopt import WORLD, adopt, deploy_adopted, others, schedule
from support_deploy import own_project
from support_project import make, put
from support_run import ok


@pytest.mark.long
def test_each_minute_once(
    cron_database: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Across the switch no minute is missing and none is there twice."""
    app = cron_database
    root = own_project(tmp_path, monkeypatch)
    app.run(WORLD)
    schedule(app, "alice", "minutely", "* * * * *", "select app.nightly()")
    rows = "select count(*) from app.done"
    wait_until(lambda: app.value(rows) > 0, timeout=90)
    # As late as it may be: pg_cron is to have no time to look.
    time.sleep(40)
    adopt(app, tmp_path)
    deploy_adopted(app, tmp_path, root)
    assert others(app) == []
    wait_until(lambda: app.value(rows) > 3, timeout=200, interval=1)
    fired = app.run("select count(*) from app.done as d group by date_trunc('minute', d.at)")
    assert fired == [(1,)] * 4
    assert app.value("select max(d.at) - min(d.at) < interval '4 min' from app.done as d")


@pytest.mark.long
def test_each_minute_once_on_the_way_back(
    cron_database: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From rota to the job that pg_cron had: no minute is missing and none is there twice."""
    app = cron_database
    app.run(WORLD)
    put(app, make(tmp_path, {"one.sql": "create or replace view app.one as select 1 as one;"}))
    schedule(app, "alice", "minutely", "* * * * *", "select app.nightly()")
    adopt(app, tmp_path)
    put(app, config.at(tmp_path))
    rows = "select count(*) from app.done"
    wait_until(lambda: app.value(rows) > 0, timeout=130)
    time.sleep(30)
    monkeypatch.chdir(tmp_path)
    ok(app, "rollback")
    assert len(others(app)) == 1
    wait_until(lambda: app.value(rows) > 2, timeout=150, interval=1)
    fired = app.run("select count(*) from app.done as d group by date_trunc('minute', d.at)")
    assert fired == [(1,)] * 3
    assert app.value("select max(d.at) - min(d.at) < interval '3 min' from app.done as d")
