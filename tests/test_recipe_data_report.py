"""The recipe data_report: days collected side by side, then transformed, analysed, reported."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import Clone, Harness, wait_until
from support_recipe import recipes


@pytest.fixture
def app(harness: Harness) -> Iterator[Clone]:
    with recipes(harness) as clone:
        clone.run(
            "insert into public.users (email, name, created_at)"
            " select 'a', 'A', timestamptz '2026-03-01Z' + (g.i % 4) * interval '1 day'"
            " from generate_series(1, 13) as g (i)"
        )
        clone.run(
            "insert into public.orders (user_id, amount, created_at)"
            " select 1, 10 * d.day, timestamptz '2026-03-01 23:59:59.999Z'"
            " + (d.day - 1) * interval '1 day' from generate_series(1, 4) as d (day)"
        )
        clone.run(
            "insert into logs.api_requests (created_at, response_time, path, status)"
            " select timestamptz '2026-03-03Z', 5, '/', s.status"
            " from unnest('{200,200,500,404}'::int[]) as s (status)"
        )
        yield clone


def test_each_day_is_what_the_tables_say(app: Clone) -> None:
    app.work()
    app.work()
    run_id = app.value(
        'select s.run_id from rota.start(\'data-report\', \'{"until": "2026-03-04", "days": 4}\')'
        " as s"
    )
    run = wait_until(
        lambda: app.run(
            "select state, output, error from rota.runs where run_id = %s"
            " and finished_at is not null",
            run_id,
        ),
        timeout=30,
        what="the report",
    )
    assert run[0][0] == "succeeded", run[0][2]
    assert app.run(
        "select day::text, signups, orders, revenue::int, requests, errors from data_report.days"
        " order by day"
    ) == [
        ("2026-03-01", 3, 1, 10, 0, 0),
        ("2026-03-02", 4, 1, 20, 0, 0),
        ("2026-03-03", 3, 1, 30, 4, 1),
        ("2026-03-04", 3, 1, 40, 0, 0),
    ]
    figures = run[0][1]["report"]["figures"]
    assert figures["revenue"] == {"last": 40.0, "mean": 20.0, "changePercent": 100.0}
    assert figures["orders"]["changePercent"] == 0
    assert figures["errors"]["changePercent"] == -100
    report = app.value("select rota.get_artifact(%s, 'report.md')", run_id)
    assert bytes(report).decode() == app.value("select report from data_report.reports")
    assert "| revenue | 40.00 | 20.00 | 100.0 % |" in bytes(report).decode()
    assert app.value("select count(*) from rota.runs where parent_run_id = %s", run_id) == 4 + 4
