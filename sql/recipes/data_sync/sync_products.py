"""The handler of the task sync-products: the products of an API, page by page, all or none.

    export PRODUCTS_API_URL=https://shop.example/products PRODUCTS_API_TOKEN=...
    rota worker --recipe data_sync --external-only

A page is {"items": [{"id": ..., "name": ..., "price": ..., "stock": ...}, ...], "next": 2}; the
last one has no "next". Nothing is stored before all of them are there.
"""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

import httpx
from psycopg.types.json import Jsonb

from pgrota import external

PATIENCE = float(os.environ.get("PRODUCTS_API_TIMEOUT") or 10)
PAGES = 1_000


@external.handler("sync-products")
def sync_products(input: dict[str, Any], context: external.Context) -> dict[str, Any]:
    """Fetch every page, then store the products in the transaction of the outcome."""
    items = fetch(context)
    with context.transaction() as connection:
        counts = connection.execute(
            "select data_sync.store_products(%s)", [Jsonb(list(items.values()))]
        ).fetchone()[0]
    context.log("info", "products synced", items=counts["syncedItems"])
    return counts


def fetch(context: external.Context) -> dict[str, dict[str, Any]]:
    """All products by id; the last of an id stands."""
    url = os.environ.get("PRODUCTS_API_URL")
    if not url:
        raise external.Fatal("PRODUCTS_API_URL is not set in the worker's environment")
    token = os.environ.get("PRODUCTS_API_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    items: dict[str, dict[str, Any]] = {}
    seen: set[Any] = set()
    with httpx.Client(headers=headers, timeout=PATIENCE) as client:
        number: Any = 1
        while number is not None:
            context.check()
            if number in seen or len(seen) == PAGES:
                raise external.Fatal(f"page {number}: the API goes round in circles")
            seen.add(number)
            page = get(client, url, number)
            for item in page["items"]:
                product = product_of(item, number)
                items[product["id"]] = product
            number = page.get("next")
            if not isinstance(number, int | str | None):
                raise external.Fatal(f"page {len(seen)}: next is no page: {number!r:.200}")
    return items


def get(client: httpx.Client, url: str, number: Any) -> dict[str, Any]:
    """One page."""
    try:
        answer = client.get(url, params={"page": number})
    except httpx.TimeoutException:
        raise ApiError(f"ETIMEDOUT: page {number}, no answer within {PATIENCE:g} s") from None
    except httpx.TransportError as error:
        raise ApiError(f"ECONNRESET: page {number}, {type(error).__name__}") from None
    if answer.status_code != httpx.codes.OK:
        raise ApiError(f"page {number}: the API answered {answer.status_code}")
    try:
        page = answer.json()
    except ValueError:
        # Half of it, perhaps: a proxy has ended the answer as if it were whole.
        raise ApiError(f"ECONNRESET: page {number} is no JSON") from None
    if not isinstance(page, dict) or not isinstance(page.get("items"), list):
        raise external.Fatal(f'page {number} is something else than {{"items": [...]}}')
    return page


def product_of(item: Any, number: Any) -> dict[str, Any]:
    """A product in our shape; one that cannot be stored is refused, and with it the sync."""
    try:
        price, stock = Decimal(str(item["price"])), Decimal(str(item.get("stock", 0)))
        known = item["id"] not in (None, "") and item["name"] not in (None, "")
        good = known and price.is_finite() and price >= 0 and stock >= 0 and stock == int(stock)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        good = False
    if not good:
        raise external.Fatal(f"page {number}: not a product: {item!r:.200}")
    return {
        "id": str(item["id"]),
        "name": str(item["name"]),
        "price": str(price),
        "stock": int(stock),
    }


class ApiError(Exception):
    """There was no good answer. Whether it is asked again is a matter of retry_on."""
