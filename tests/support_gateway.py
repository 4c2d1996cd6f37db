"""A payment gateway: an HTTP server that keeps idempotency keys, and misbehaves when told to."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from support_http import listening


class Gateway:
    """What it was asked, what it has charged, and how it shall behave.

    `plan` holds what to do with the next requests, one for each: `charge` (as when the plan is
    over), `decline`, `lose` (charge, and hang up without an answer), or a status of trouble. With
    another barrier for `together`, nobody has an answer before so many have asked.
    """

    def __init__(self) -> None:
        self.plan: list[Any] = []
        self.asked: list[dict[str, Any]] = []
        self.charges: list[dict[str, Any]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.seconds = 0.0
        self.together = threading.Barrier(1)
        self.url = ""
        self._lock = threading.Lock()

    @property
    def keys(self) -> list[str]:
        return [request["key"] for request in self.asked]

    def answer(self, key: str, token: str | None, document: dict[str, Any]) -> tuple[int, dict]:
        with self._lock:
            self.asked.append({"key": key, "token": token, **document})
            step = self.plan.pop(0) if self.plan else "charge"
            if isinstance(step, int):
                return step, {"error": "card 4711 of Ada"}
            if key not in self.answers:
                if step == "decline":
                    self.answers[key] = (402, {"error": "declined"})
                else:
                    self.charges.append({"key": key, **document})
                    self.answers[key] = (200, {"id": f"ch-{len(self.charges)}"})
            answer = self.answers[key]
        self.together.wait(timeout=20)
        time.sleep(self.seconds)
        return (0, {}) if step == "lose" else answer


@contextmanager
def gateway() -> Iterator[Gateway]:
    """A gateway that listens on a port of its own."""
    one = Gateway()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key, token = self.headers["Idempotency-Key"], self.headers["Authorization"]
            status, body = one.answer(key, token, document)
            if status == 0:
                self.close_connection = True
                return
            with suppress(ConnectionError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

    with listening(Handler) as address:
        one.url = f"{address}/charges"
        yield one
