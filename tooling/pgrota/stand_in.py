"""Workers that this process keeps up itself, until pg_cron's come or in their place."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

PAUSE = 0.2


class StandIn:
    """Some CALLs, each in a session of its own that is opened again whenever it is lost."""

    def __init__(
        self, connect: Callable[[], psycopg.Connection[Any]], calls: Sequence[str]
    ) -> None:
        self._connect = connect
        self._leaving = threading.Event()
        self._sessions: dict[int, psycopg.Connection[Any]] = {}
        self._threads = [
            threading.Thread(target=self._keep_up, args=(number, call), daemon=True)
            for number, call in enumerate(calls)
        ]

    def __enter__(self) -> StandIn:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._leaving.set()
        for session in list(self._sessions.values()):
            with contextlib.suppress(psycopg.Error):
                # An idle worker has nothing to lose; its procedure never ends by itself.
                session.cancel()
        for thread in self._threads:
            thread.join(5)

    def _keep_up(self, number: int, call: str) -> None:
        while not self._leaving.is_set():
            with contextlib.suppress(psycopg.Error), self._connect() as session:
                session.autocommit = True
                self._sessions[number] = session
                session.execute(call)
            self._leaving.wait(PAUSE)
