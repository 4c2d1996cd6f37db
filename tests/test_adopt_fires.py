"""The one test in which pg_cron fires a job before it is adopted, and rota after."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness import Clone, wait_until
from support_adopt import WORLD, adopt, deploy_adopted, others, schedule
from support_deploy import own_project


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
