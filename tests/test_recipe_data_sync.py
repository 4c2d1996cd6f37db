"""The recipe data_sync: an API of several pages, its troubles, and all products or none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from harness import Clone, Harness, wait_until
from pgrota import external
from support_api import Api, api
from support_process import outcomes, start, state, worker_processes
from support_recipe import module_of, recipes


def product(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"p{number}", "name": f"Product {number}", "price": "9.50", "stock": 3} | changes


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with api() as one:
        monkeypatch.setenv("PRODUCTS_API_URL", one.url)
        monkeypatch.setenv("PRODUCTS_API_TOKEN", "s3cret")
        monkeypatch.setenv("PRODUCTS_API_TIMEOUT", "0.5")
        one.answers = {
            "1": {"items": [product(1), product(2)], "next": 2},
            "2": {"items": [product(3), product(4)], "next": 3},
            "3": {"items": [product(5, price=12), product(1, name="Newer")]},
        }
        yield one


@pytest.fixture
def app(harness: Harness, shop: Api) -> Iterator[Clone]:
    with recipes(harness) as clone, worker_processes() as begin:
        clone.run("update rota_core.task set initial_delay = '50 ms' where task = 'sync-products'")
        clone.run(
            "insert into public.products (external_id, name, price) values ('p2', 'Old', 1),"
            " ('ours', 'Ours', 1)"
        )
        clone.supervise()
        begin(clone, "--recipe", "data_sync", "--external-only")
        yield clone


def sync(app: Clone, wanted: str = "succeeded") -> int:
    run_id = start(app, "sync-products")
    wait_until(lambda: state(app, run_id) in ("succeeded", "failed"), what="the sync to end")
    assert state(app, run_id) == wanted, app.run("select r.error from rota.runs as r")
    return run_id


def output(app: Clone, run_id: int) -> Any:
    return app.value("select r.output from rota.runs as r where r.run_id = %s", run_id)


def count(app: Clone) -> int:
    return app.value("select count(*) from public.products")


def test_products_are_upserted_by_their_external_id_and_counted(app: Clone, shop: Api) -> None:
    before = count(app)
    answer = output(app, sync(app))
    assert answer == {
        "success": True,
        "syncedItems": 5,
        "sampleIds": answer["sampleIds"],
        "before": 2,
        "after": 6,
    }
    assert (before, count(app)) == (2, 6)
    assert [request["page"] for request in shop.asked] == ["1", "2", "3"]
    assert {request["token"] for request in shop.asked} == {"Bearer s3cret"}

    sampled = app.run(
        "select p.name, p.price, p.synced_at is not null from public.products as p"
        " where p.id = any(%s)",
        answer["sampleIds"],
    )
    assert len(sampled) == 5
    assert all(name and price > 0 and synced for name, price, synced in sampled)
    assert app.value("select name from public.products where external_id = 'p1'") == "Newer"
    assert app.value("select name from public.products where external_id = 'p2'") == "Product 2"
    assert app.value("select synced_at from public.products where external_id = 'ours'") is None

    again = output(app, sync(app))
    assert (again["syncedItems"], again["before"], again["after"]) == (5, 6, 6)


@pytest.mark.parametrize("trouble", [500, "half", "cut", "hang"])
def test_trouble_in_the_middle_is_tried_again_from_the_first_page(
    app: Clone, shop: Api, trouble: int | str
) -> None:
    shop.plan = ["answer", trouble]
    run_id = sync(app)
    assert outcomes(app, run_id) == [("failed", True), ("succeeded", True)]
    said = "ETIMEDOUT: page 2, no answer within 0.5 s" if trouble == "hang" else "page 2"
    assert said in app.value(
        "select a.error ->> 'message' from rota.attempts as a where a.error is not null"
    )
    assert [request["page"] for request in shop.asked] == ["1", "2", "1", "2", "3"]
    assert count(app) == 6


def test_trouble_that_stays_leaves_the_products_as_they_were(app: Clone, shop: Api) -> None:
    shop.plan = ["answer", 500, "answer", "half", "answer", 503]
    run_id = sync(app, "failed")
    assert app.value("select r.error ->> 'message' from rota.runs as r where r.run_id = %s", run_id)
    assert len(outcomes(app, run_id)) == 3
    assert count(app) == 2
    assert app.value("select name from public.products where external_id = 'p2'") == "Old"


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({"items": [product(6), product(7, price="free")]}, "page 3: not a product"),
        ({"items": [product(6, price=-1)]}, "page 3: not a product"),
        ({"items": [product(6, price="NaN")]}, "page 3: not a product"),
        ({"items": [product(6, price="Infinity")]}, "page 3: not a product"),
        ({"items": [product(6, name=None)]}, "page 3: not a product"),
        ({"items": [product(6, id=None)]}, "page 3: not a product"),
        ({"items": [product(6, stock=1.5)]}, "page 3: not a product"),
        ({"items": [product(6)], "next": 2}, "page 2: the API goes round in circles"),
        ({"items": [product(6)], "next": [4]}, "page 3: next is no page"),
        ({"products": []}, "page 3 is something else"),
    ],
    ids=[
        "no price",
        "a price below zero",
        "a price that is no number",
        "a price without end",
        "no name",
        "no id",
        "half a piece",
        "a circle",
        "no page",
        "another shape",
    ],
)
def test_what_cannot_be_right_is_refused_whole(
    shop: Api, page: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = module_of("data_sync", "sync-products", monkeypatch)
    shop.answers["3"] = page
    with pytest.raises(external.Fatal, match=message):
        module.fetch(external.Context(run_id=1))
