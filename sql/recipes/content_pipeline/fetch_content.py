"""The handler of the task fetch-content: the items of an API over HTTP.

    export CONTENT_API_URL=https://content.example/items CONTENT_API_TOKEN=...
    rota worker --recipe content_pipeline --external-only

The API answers {"items": [{"id": ..., "title": ..., "body": ...}, ...]}. What it sent is kept with
the run as the artifact raw-content.
"""

from __future__ import annotations

import os
from typing import Any

import httpx

from pgrota import external

PATIENCE = 10


@external.handler("fetch-content")
def fetch_content(input: dict[str, Any], context: external.Context) -> dict[str, Any]:
    """Ask the API for what there is; the answer is the step's output."""
    url = os.environ.get("CONTENT_API_URL")
    if not url:
        raise external.Fatal("CONTENT_API_URL is not set in the worker's environment")
    token = os.environ.get("CONTENT_API_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(
            url, headers=headers, params=input.get("run", {}).get("query"), timeout=PATIENCE
        )
    except httpx.TimeoutException:
        raise ApiError(f"ETIMEDOUT: no answer within {PATIENCE} s") from None
    except httpx.TransportError as error:
        raise ApiError(f"ECONNRESET: {type(error).__name__}") from None
    if answer.status_code != httpx.codes.OK:
        # What it says beside the status may hold the token that was sent.
        raise ApiError(f"the API answered {answer.status_code}")

    items = items_of(answer)
    context.save_artifact("raw-content", answer.content, "application/json")
    context.log("info", "fetched", items=len(items))
    return {"items": items}


def items_of(answer: httpx.Response) -> list[Any]:
    """The items in the answer, which is refused in another shape."""
    try:
        document = answer.json()
    except ValueError:
        # Half of it, perhaps: a proxy has ended the answer as if it were whole.
        raise ApiError("ECONNRESET: the answer is no JSON") from None
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise external.Fatal('the API answered something else than {"items": [...]}')
    return items


class ApiError(Exception):
    """There was no good answer. Whether it is asked again is a matter of retry_on."""
