"""One external run in a worker: its context, its transaction, its outcome."""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from pgrota import external, output
from pgrota.masking import mask

MAX_OUTPUT = 100 * 2**20
RECORD = """
select rota_core.record_outcomes(
  %s,
  array[row(
    %s, %s, %s, %s, %s, rota_core.wall_clock() - %s, rota_core.wall_clock()
  )::rota_core.outcome],
  %s, '{}'
)
"""
LOG = "select rota_core.log_external(%s, %s, %s, %s, %s, %s)"
KEEP = "select rota_core.save_external_artifact(%s, %s, %s, %s, %s, %s)"
OUTER, INNER = 2, 3
LONGEST = 8000
WRONG_SHAPE, CANCELLED, RAISED = "RT005", "57014", "P0001"


class Refused(Exception):
    """The handler used its transaction as it must not."""


class Shared(psycopg.Connection):
    """A connection that the worker commits, together with the outcome."""

    def commit(self) -> None:
        raise Refused("this transaction commits together with the outcome of the run")

    def rollback(self) -> None:
        raise Refused("this transaction ends with the run: raise an exception to undo it")

    def end(self) -> None:
        """The commit that is the worker's."""
        super().commit()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended; error is None after a success."""

    output: Jsonb | None = None
    error: dict[str, Any] | None = None


@dataclass(eq=False)
class ExternalRun:
    """A claimed run and what is known of it here."""

    worker_id: int
    lane: str
    run_id: int
    task: str
    attempt: int
    document: dict[str, Any]
    key: str | None = None
    started: float = field(default_factory=time.monotonic)
    connection: Shared | None = None
    is_reported: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def identity(self) -> tuple[int, int, int]:
        return self.run_id, self.attempt, self.worker_id

    def take_report(self) -> bool:
        """True for the one who is to report the outcome: the handler's thread, or who gives up."""
        with self._lock:
            is_mine, self.is_reported = not self.is_reported, True
        return is_mine

    def execute(self, handler: external.Handler, context: external.Context) -> Outcome:
        """Call the handler. Whatever it raises is an outcome."""
        try:
            return Outcome(output=encode(external.call(handler, self.document, context)))
        except BaseException as error:
            return Outcome(error=error_of(error))

    def values(self, outcome: Outcome) -> tuple:
        """The parameters of RECORD."""
        error = None if outcome.error is None else Jsonb(outcome.error)
        took = timedelta(seconds=time.monotonic() - self.started)
        run = (self.worker_id, self.run_id, self.task, self.attempt)
        return (*run, outcome.output, error, took, error is not None)

    def commit_with(self, outcome: Outcome) -> None:
        """Record a success in the handler's own transaction, and commit both."""
        self.connection.execute("set local role rota_worker")
        self.connection.execute(RECORD, self.values(outcome))
        self.connection.end()

    def close(self) -> None:
        """End the handler's transaction if there is one; what is not committed is undone."""
        if self.connection is not None:
            with suppress(psycopg.Error):
                self.connection.close()


class WorkingContext(external.Context):
    """The context of a run that a worker executes."""

    def __init__(
        self,
        run: ExternalRun,
        write: Callable[[str, tuple], None],
        connect: Callable[[], Shared],
    ) -> None:
        super().__init__(run.run_id, run.task, run.attempt, run.key)
        self._run = run
        self._write = write
        self._connect = connect

    def log(self, level: str, message: str, **context: Any) -> None:
        level = str(level).lower()
        if level not in external.LEVELS:
            context, level = context | {"level": level}, "info"
        document = json.dumps(context, default=output.plain, ensure_ascii=False)
        document = storable(document.replace("\\u0000", ""))
        run = self._run
        where = (run.worker_id, run.run_id, run.attempt)
        self._write(LOG, (*where, level, storable(str(message)), document))

    def save_artifact(self, name: str, data: Any, media_type: str | None = None) -> None:
        run = self._run
        where = (run.worker_id, run.run_id, run.attempt)
        with self.transaction() as connection:
            connection.execute(KEEP, (*where, name, *external.content_of(data, media_type)))

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        if self._run.connection is None:
            self._run.connection = self._connect()
        yield self._run.connection


def encode(answer: Any) -> Jsonb | None:
    """A handler's answer as the output of its run."""
    if answer is None:
        return None
    if not isinstance(answer, dict):
        raise WrongAnswer(f"the handler returned {type(answer).__name__}, not a dict or None")
    try:
        text = json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise WrongAnswer(f"the handler's answer cannot be JSON: {error}") from None
    if len(text) > MAX_OUTPUT:
        raise WrongAnswer(
            f"the handler's answer has {len(text) >> 20} MB;"
            f" at most {MAX_OUTPUT >> 20} can be stored"
        )
    if "\\u0000" in text:
        raise WrongAnswer("the handler's answer holds a null character, which no jsonb can")
    return Jsonb(json.loads(text))


class WrongAnswer(Exception):
    """A handler answered in the wrong shape."""


def error_of(error: BaseException) -> dict[str, Any]:
    """An exception as history keeps an error."""
    found: dict[str, Any] = {
        "sqlstate": RAISED,
        "message": f"{type(error).__name__}: {error}".rstrip(": "),
    }
    if isinstance(error, WrongAnswer):
        found |= {"sqlstate": WRONG_SHAPE, "message": str(error)}
    elif isinstance(error, psycopg.Error) and error.sqlstate:
        diag = error.diag
        found["sqlstate"] = error.sqlstate
        found |= {"detail": diag.message_detail, "hint": diag.message_hint}
    if isinstance(error, external.Fatal):
        found["retry"] = False
    elif isinstance(error, external.Retry) and error.delay is not None:
        found["retry_in"] = error.delay
    found["context"] = _context(error)
    return {key: _clean(value) for key, value in found.items() if value is not None}


def _context(error: BaseException) -> str | None:
    """Where it was raised: the handler's frames and the innermost, without ours."""
    frames = traceback.extract_tb(error.__traceback__)
    frames = [f for f in frames if f.filename not in (__file__, external.__file__)]
    lines = [f"{f.filename}:{f.lineno} in {f.name}: {f.line or ''}" for f in frames]
    if len(lines) > OUTER + INNER:
        lines[OUTER:-INNER] = ["..."]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and not isinstance(error, WrongAnswer):
        lines.append(f"caused by {type(cause).__name__}: {cause}")
    return "\n".join(lines) or None


def _clean(value: Any) -> Any:
    return mask(storable(value))[:LONGEST] if isinstance(value, str) else value


def storable(text: str) -> str:
    """Text as Postgres can keep it: no null characters, no halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
