"""External tasks: work outside the database, with its claims, retries and history.

    from pgrota import external

    @external.handler("process-payment")
    def process_payment(input: dict, context: external.Context) -> dict | None:
        context.log("info", "charging", order=input["order_id"])
        charge = gateway.charge(input["order_id"], idempotency_key=str(context.run_id))
        with context.transaction() as connection:
            connection.execute("update app.payment set status = 'completed' where ...")
        return {"status": "completed", "reference": charge.reference}

The task itself is defined in the database: `rota.define_task('process-payment', null, kind =>
'external')`. `rota worker --handlers app.tasks` imports the module and works for it.

What a handler does outside may happen more than once: its process can be lost before the outcome
is stored. The outcome, and what was done on context.transaction(), is stored exactly once.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

__all__ = ["Context", "Fatal", "Retry", "Stopped", "call", "handler"]

Handler = Callable[..., Any]
handlers: dict[str, Handler] = {}
LEVELS = ("debug", "info", "warn", "error")


class Retry(Exception):
    """Raise it to be tried again after `delay` seconds, whatever the task's own delays are.

    It counts as an attempt, and the last attempt is the last.
    """

    def __init__(self, message: str = "to be tried again", delay: float | None = None) -> None:
        super().__init__(message)
        if delay is not None and not 0 <= delay <= 31_536_000:
            raise ValueError("delay is a number of seconds, at most a year")
        self.delay = delay


class Fatal(Exception):
    """Raise it when trying again is useless: the run ends failed, attempts left or not."""


class Stopped(Exception):
    """The run was cancelled, timed out or taken away. Raised by Context.check()."""


class Context:
    """What a handler knows of its run, and what it can do for it.

    A test of a handler may make one: Context(run_id=1).
    """

    def __init__(
        self, run_id: int = 0, task: str = "", attempt: int = 1, key: str | None = None
    ) -> None:
        self.run_id = run_id
        self.task = task
        self.attempt = attempt
        self.key = key
        self._is_gone = False
        self._is_leaving = False

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled, timed out or taken away: an answer would be refused.

        Known within seconds. Look at it in loops, and leave.
        """
        return self._is_gone

    @property
    def leaving(self) -> bool:
        """Whether this process was asked to end. A long handler may raise Retry(delay=0) then."""
        return self._is_leaving

    def check(self) -> None:
        """Raise Stopped if the run was cancelled, timed out or taken away."""
        if self._is_gone:
            raise Stopped(f"run {self.run_id} was cancelled, timed out or taken away")

    def log(self, level: str, message: str, **context: Any) -> None:
        """Write a log line of the run, stored at once. Never fails the work."""
        logging.getLogger(f"rota.{self.task}").log(
            getattr(logging, {"warn": "WARNING"}.get(level, level.upper()), logging.INFO),
            "%s %s", message, context or "",
        )  # fmt: skip

    def save_artifact(self, name: str, data: Any, media_type: str | None = None) -> None:
        """Keep something with the run, to be looked at and saved: rota run artifacts RUN.

        data: bytes, text, or anything that is JSON. It is stored with the outcome, in
        context.transaction(). Without a worker it is only checked.
        """
        content_of(data, media_type)

    def transaction(self) -> AbstractContextManager[psycopg.Connection]:
        """A connection whose effects commit together with the outcome, exactly once.

        They are undone when the handler raises, or when the run was taken away meanwhile. The
        connection acts as rota_worker. Without a worker there is none.
        """
        raise RuntimeError("a handler has a transaction only in rota worker")


def content_of(data: Any, media_type: str | None) -> tuple[bytes, str]:
    """The bytes and the media type of what is to be kept."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data), media_type or "application/octet-stream"
    if isinstance(data, str):
        return data.encode(), media_type or "text/plain"
    return json.dumps(data, ensure_ascii=False, indent=2).encode(), media_type or "application/json"


def handler(task: str) -> Callable[[Handler], Handler]:
    """Make a function the handler of an external task: `f(input, context)` or `f(input)`.

    It returns what the run's output shall be, a JSON object or None. The function itself stays as
    it is, to be called in tests.
    """
    if not isinstance(task, str) or not task:
        raise TypeError('name the task: @external.handler("process-payment")')

    def register(function: Handler) -> Handler:
        known = handlers.get(task)
        if known is not None and _place(known) != _place(function):
            raise ValueError(f"task {task} has two handlers: {_place(known)}, {_place(function)}")
        handlers[task] = function
        return function

    return register


def call(function: Handler, document: dict[str, Any], context: Context) -> Any:
    """Call a handler with as many arguments as it takes; a coroutine is run to its end."""
    arguments = (document, context)[: _arity(function)]
    answer = function(*arguments)
    if inspect.iscoroutine(answer):
        import asyncio

        return asyncio.run(answer)
    return answer


def _arity(function: Handler) -> int:
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 2
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return min(len(positional), 2)


def _place(function: Handler) -> str:
    return f"{function.__module__}.{function.__qualname__}"
