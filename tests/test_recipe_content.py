"""The recipe content_pipeline: a real API over HTTP, a step outside the database, two inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness import Clone, Harness
from support_api import Api, api
from support_pipeline import ended, start
from support_process import worker_processes
from support_recipe import recipes

ITEMS = [
    {"id": 1, "title": "  First  title ", "body": "One"},
    {"id": "b", "title": "Second", "body": "Two "},
    {"id": 3, "title": "", "body": "no title"},
    "no object",
]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with api() as one:
        monkeypatch.setenv("CONTENT_API_URL", one.url)
        monkeypatch.setenv("CONTENT_API_TOKEN", "s3cret-token")
        one.answers["1"] = {"items": ITEMS}
        yield one


@pytest.fixture
def app(harness: Harness, site: Api) -> Iterator[Clone]:
    with recipes(harness) as clone, worker_processes() as begin:
        clone.run("update rota_core.task set initial_delay = '50 ms' where task = 'fetch-content'")
        clone.work()
        clone.supervise()
        begin(clone, "--recipe", "content_pipeline", "--external-only")
        yield clone


def run_pipeline(app: Clone, document: str = "{}") -> dict[str, Any]:
    return ended(app, start(app, "content", document), timeout=30)


def contents(app: Clone) -> list[tuple[str, str, str]]:
    return app.run(
        "select c.title, c.body, c.status from public.contents as c"
        " join content_pipeline.sources as s on s.content_id = c.id order by s.external_id"
    )


def test_what_the_api_has_is_published_once_and_followed(app: Clone, site: Api) -> None:
    run = run_pipeline(app, '{"query": {"since": "2026-01-01"}}')
    assert run["state"] == "succeeded", run["error"]
    assert run["output"] == {
        "publish": {"published": 2, "updated": 0, "unchanged": 0, "rejected": 2}
    }
    assert site.asked == [{"token": "Bearer s3cret-token", "since": "2026-01-01"}]
    assert contents(app) == [
        ("First title", "One", "published"), ("Second", "Two", "published"),
    ]  # fmt: skip

    found = app.run(
        "select a.step, a.name, a.media_type from rota.artifacts as a where a.pipeline_run_id = %s"
        " order by a.run_id",
        run["run_id"],
    )
    assert found == [
        ("fetch", "raw-content", "application/json"),
        ("process", "processed-content", "application/json"),
    ]
    raw = app.value("select rota.get_artifact(%s, 'raw-content')", run["run_id"])
    assert json.loads(bytes(raw)) == {"items": ITEMS}

    site.answers["1"] = {"items": [{"id": 1, "title": "First title", "body": "Changed"}, ITEMS[1]]}
    run = run_pipeline(app)
    assert run["output"]["publish"] == {
        "published": 0, "updated": 1, "unchanged": 1, "rejected": 0,
    }  # fmt: skip
    assert contents(app)[0] == ("First title", "Changed", "published")
    assert not app.run(
        "select from rota.runs as r where (r.input, r.output, r.error)::text like %s", "%s3cret%"
    )


def test_trouble_that_passes_is_tried_again_and_other_trouble_is_not(app: Clone, site: Api) -> None:
    app.run("update rota_core.task set max_attempts = 4 where task = 'fetch-content'")
    site.plan = [503, "half", "cut", "answer"]
    run = run_pipeline(app)
    assert run["state"] == "succeeded", run["error"]
    assert len(site.asked) == 4

    site.plan = [404]
    run = run_pipeline(app)
    assert run["state"] == "failed"
    assert run["error"]["step"] == "fetch"
    assert "answered 404" in run["error"]["message"]
    assert len(contents(app)) == 2

    app.run("select rota.retry(%s)", run["run_id"])
    run = ended(app, run["run_id"], timeout=30)
    assert run["output"]["publish"]["unchanged"] == 2
