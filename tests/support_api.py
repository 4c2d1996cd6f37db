"""An HTTP API that answers as it is told to, and misbehaves when told to."""

from __future__ import annotations

import http.server
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlparse

from support_http import listening


class Api:
    """`answers`: what it answers, by page. `plan` holds what to do with the next requests, one for
    each: a status of trouble, `half` (a page cut off in the middle), `cut` (the same, said to be
    whole), `hang` (no answer for as long as `seconds`), or `answer` (as when the plan is over).
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.plan: list[int | str] = []
        self.asked: list[dict[str, Any]] = []
        self.seconds = 2.0
        self.url = ""

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        query = {key: values[0] for key, values in parse_qs(urlparse(handler.path).query).items()}
        self.asked.append({"token": handler.headers["Authorization"], **query})
        step = self.plan.pop(0) if self.plan else "answer"
        body = json.dumps(self.answers[query.get("page", "1")]).encode()
        half = body[: len(body) // 2]
        if step == "cut":
            body = half
        if step == "hang":
            time.sleep(self.seconds)
        handler.send_response(step if isinstance(step, int) else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(half if step == "half" else body)


@contextmanager
def api() -> Iterator[Api]:
    """An API that listens on a port of its own."""
    one = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError):
                one.serve(self)
            self.close_connection = True

    with listening(Handler) as address:
        one.url = f"{address}/items"
        yield one
