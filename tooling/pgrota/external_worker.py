"""Works for external tasks: claims runs, calls handlers in threads, records outcomes."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from pgrota import external
from pgrota.errors import Problem
from pgrota.external_run import (
    CANCELLED,
    RECORD,
    ExternalRun,
    Outcome,
    Shared,
    WorkingContext,
    error_of,
)
from pgrota.sessions import Sessions
from pgrota.worker import DRAINING, is_lost
from pgrota.worker_log import WorkerLog, reason

NAME = "rota external"
COMPONENT = "external"
POLL, LOOK, SEEN = 0.2, 1.0, 5.0
LIVENESS = 1919906913
LOST_WORKER = "RT003"

TASKS = "select t.task, t.lane from rota_core.external_tasks() as t"
REGISTER = """
select rota_core.register_worker('external', %s, (
  select a.backend_start from pg_stat_activity as a where a.pid = pg_backend_pid()
))
"""
CLAIM = """
select c.run_id, c.task, c.attempt, c.input
from rota_core.claim_external(%s, %s, %s, %s) as c
"""
HELD = "select r.run_id, r.attempt, r.worker_id, r.key from rota_core.external_runs(%s) as r"
NOTE = "select rota.log('warn', %s, %s)"


class ExternalWorker(threading.Thread):
    """Claims in one thread, over one connection; each handler has a thread of its own."""

    def __init__(
        self, sessions: Sessions, log: WorkerLog, handlers: dict[str, external.Handler]
    ) -> None:
        super().__init__(name="the external worker", daemon=True)
        self.sessions = sessions
        self.log = log
        self.handlers = handlers
        self.lanes: dict[str, int] = {}
        self.workers: dict[str, int] = {}
        self.runs: dict[ExternalRun, WorkingContext] = {}
        self.is_draining = False
        self._connection: psycopg.Connection | None = None
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._over = threading.Event()
        self._remarks: set[str] = set()

    # what the crew calls

    @property
    def is_busy(self) -> bool:
        return bool(self.runs)

    def set_lanes(self, lanes: dict[str, int]) -> None:
        """How many handlers may run at the same time for each lane."""
        self.lanes = lanes

    def leave(self) -> None:
        """Claim no more, and end when the handlers have ended."""
        self._leaving.set()
        for context in list(self.runs.values()):
            context._is_leaving = True
        self._wake.set()

    def abandon(self) -> None:
        """Give up what still runs: it will be repeated, uncounted."""
        for run, context in list(self.runs.items()):
            context._is_gone = True
            if run.take_report():
                error = {"sqlstate": CANCELLED, "message": "its worker left before it ended"}
                self._say(f"run {run.run_id} is given up; it will be repeated, uncounted", "warn")
                self._record(run, Outcome(error=error), patient=False)
        self._over.set()
        self._wake.set()

    # the claiming thread

    def run(self) -> None:
        while not self._is_done():
            try:
                with self.sessions.open(NAME) as self._connection:
                    self.log.back(self.name)
                    self._serve()
            except (psycopg.Error, Problem) as error:
                if is_lost(error):
                    self.log.lost(self.name, error)
                else:
                    self.log.trouble(f"{self.name}: {reason(error)}; going on")
                self._over.wait(1)
            # Their backend is gone, and who is seen without one counts as lost.
            self.workers = {}
        self.log.forget(self.name)

    def _is_done(self) -> bool:
        return self._leaving.is_set() and (not self.runs or self._over.is_set())

    def _serve(self) -> None:
        seen = looked = float("-inf")
        while not self._is_done():
            now = time.monotonic()
            if now - seen > (LOOK if self.is_draining else SEEN):
                seen = now
                self._show_life()
            if now - looked > LOOK:
                looked = now
                self._look_after()
            if not self._claim():
                self._wake.wait(POLL)
                self._wake.clear()
        self._sign_off()

    def _fetch(self, query: str, *parameters: Any) -> list[tuple]:
        return self._connection.execute(query, parameters).fetchall()

    def _value(self, query: str, *parameters: Any) -> Any:
        return self._fetch(query, *parameters)[0][0]

    def _show_life(self) -> None:
        """Be seen; be there for each lane with tasks; stay away while the engine is upgraded."""
        for lane, worker_id in list(self.workers.items()):
            try:
                if not self._value("select rota_core.see_worker(%s)", worker_id):
                    self.is_draining = True
            except psycopg.DatabaseError as error:
                if error.sqlstate != LOST_WORKER:
                    raise
                self._say(f"{reason(error)}; registering again", "warn")
                del self.workers[lane]
        if self.is_draining:
            self._await_upgrade()
        if not self.is_draining and not self._leaving.is_set():
            for lane in self._lanes_with_tasks():
                if lane not in self.workers:
                    self._register(lane)

    def _await_upgrade(self) -> None:
        if self.workers:
            self.log.trouble("the engine is being upgraded; waiting until that is done")
        if not self.runs:
            self._sign_off()
        self.is_draining = self._value(DRAINING)

    def _register(self, lane: str) -> None:
        worker_id = self._value(REGISTER, lane)
        if worker_id is None:
            self.is_draining = True
            return
        self._fetch("select pg_advisory_lock(%s, %s)", LIVENESS, worker_id)
        self.workers[lane] = worker_id

    def _sign_off(self) -> None:
        for worker_id in self.workers.values():
            self._fetch("select rota_core.end_worker(%s)", worker_id)
            self._fetch("select pg_advisory_unlock(%s, %s)", LIVENESS, worker_id)
        self.workers = {}

    def _lanes_with_tasks(self) -> list[str]:
        tasks = dict(self._fetch(TASKS))
        for task in self.handlers:
            self._remark(
                task not in tasks,
                f"task {task} has a handler here, but is not defined: select rota.define_task("
                f"'{task}', null, kind => 'external');",
            )
        for task, lane in tasks.items():
            self._remark(
                task not in self.handlers and lane in self.lanes,
                f"external task {task} has no handler here",
            )
        return sorted({tasks[t] for t in self.handlers if t in tasks} & set(self.lanes))

    def _remark(self, applies: bool, words: str) -> None:
        """Say it when it begins to be true."""
        if applies and words not in self._remarks:
            self._remarks.add(words)
            self._say(words, "warn")
        elif not applies:
            self._remarks.discard(words)

    def _look_after(self) -> None:
        """Tell handlers whose run is not ours any more."""
        runs = [run for run in list(self.runs) if not run.is_reported]
        if not runs:
            return
        rows = self._fetch(HELD, [run.run_id for run in runs])
        held = {(run_id, attempt, worker_id) for run_id, attempt, worker_id, _ in rows}
        for run in runs:
            context = self.runs.get(run)
            if context is None or context.cancelled or run.is_reported or run.identity in held:
                continue
            context._is_gone = True
            self._say(
                f"run {run.run_id} of {run.task} was cancelled, timed out or given to others;"
                " its handler has been told",
                "warn",
            )

    def _claim(self) -> bool:
        """Claim what there is room for. Returns whether anything was there."""
        if self.is_draining or self._leaving.is_set():
            return False
        claimed = False
        for lane, worker_id in list(self.workers.items()):
            room = self._room(lane)
            if room < 1:
                continue
            rows = self._fetch(CLAIM, worker_id, lane, list(self.handlers), room)
            for run in self._with_keys(lane, worker_id, rows):
                claimed = True
                self._start(run)
        return claimed

    def _room(self, lane: str) -> int:
        """Handlers that go on although their run is gone give up their place, within bounds."""
        busy = [context for run, context in list(self.runs.items()) if run.lane == lane]
        gone = sum(context.cancelled for context in busy)
        capacity = self.lanes.get(lane, 0)
        return capacity - (len(busy) - gone) - max(0, gone - capacity)

    def _with_keys(self, lane: str, worker_id: int, rows: list[tuple]) -> list[ExternalRun]:
        if not rows:
            return []
        keys = {run_id: key for run_id, _, _, key in self._fetch(HELD, [row[0] for row in rows])}
        return [
            ExternalRun(worker_id, lane, run_id, task, attempt, document, keys.get(run_id))
            for run_id, task, attempt, document in rows
        ]

    # a thread for each handler

    def _start(self, run: ExternalRun) -> None:
        self.runs[run] = WorkingContext(run, self._write, self._connect)
        threading.Thread(
            target=self._work, args=(run,), name=f"run {run.run_id}", daemon=True
        ).start()

    def _work(self, run: ExternalRun) -> None:
        context = self.runs[run]
        try:
            outcome = run.execute(self.handlers[run.task], context)
            if not run.take_report():
                return
            if context.cancelled:
                self._drop(run)
            elif run.connection is not None and outcome.error is None:
                self._commit(run, outcome)
            else:
                run.close()
                self._record(run, outcome)
        finally:
            run.close()
            del self.runs[run]
            self._wake.set()

    def _connect(self) -> Shared:
        connection = self.sessions.open(NAME, kind=Shared)
        connection.autocommit = False
        # Begun here, so that connection.transaction() in a handler makes savepoints.
        connection.execute("select")
        return connection

    def _commit(self, run: ExternalRun, outcome: Outcome) -> None:
        """Effects and outcome together; an outcome that cannot be known is looked up."""
        try:
            run.commit_with(outcome)
        except psycopg.Error as error:
            run.close()
            if error.sqlstate == LOST_WORKER:
                self._drop(run)
            elif not is_lost(error) or self._is_held(run):
                self._record(run, Outcome(error=error_of(error)))

    def _is_held(self, run: ExternalRun) -> bool:
        while not self._over.is_set():
            try:
                rows = self._fetch(HELD, [run.run_id])
            except psycopg.Error:
                self._over.wait(0.5)
            else:
                return run.identity in {row[:3] for row in rows}
        return False

    def _record(self, run: ExternalRun, outcome: Outcome, patient: bool = True) -> None:
        """Store the outcome, waiting for the server if it is away."""
        values = run.values(outcome)
        while True:
            try:
                self._fetch(RECORD, *values)
                return
            except psycopg.Error as error:
                if error.sqlstate == LOST_WORKER:
                    self._drop(run)
                    return
                if is_lost(error) and patient and not self._over.is_set():
                    self._over.wait(0.5)
                    continue
                if outcome.error is None and not is_lost(error):
                    outcome = Outcome(error=error_of(error))
                    values = run.values(outcome)
                    continue
                self._say(f"the outcome of run {run.run_id} is lost: {reason(error)}", "error")
                return

    def _drop(self, run: ExternalRun) -> None:
        words = (
            f"the outcome of run {run.run_id} of {run.task}, attempt {run.attempt}, was dropped:"
            " it was cancelled, timed out or given to others meanwhile"
        )
        self._say(words, "warn")
        context = {"component": COMPONENT, "run_id": run.run_id, "attempt": run.attempt}
        self._write(NOTE, (words, json.dumps(context)))

    def _write(self, statement: str, values: tuple) -> None:
        """Write a log line; one that cannot be stored is shown here and does not fail the work."""
        try:
            self._fetch(statement, *values)
        except psycopg.Error as error:
            self._say(f"log line not stored ({reason(error)}): {values[-2]}", "warn")

    def _say(self, words: str, level: str = "info") -> None:
        self.log.say(words, level, COMPONENT)


def load(modules: Iterable[str]) -> dict[str, external.Handler]:
    """Import the modules and return the handlers that they registered."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise Problem(f"module {name} cannot be imported", **_import_error(error)) from error
    if not external.handlers:
        raise Problem(
            f"there is no handler in {', '.join(modules)}",
            hint='mark functions with @external.handler("<task>"), from pgrota import external',
        )
    return dict(external.handlers)


def _import_error(error: Exception) -> dict[str, str]:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    found = {"detail": f"{where}{type(error).__name__}: {error}"}
    if isinstance(error, ModuleNotFoundError) and not frames:
        found["hint"] = "MODULE is what you would import here, such as app.tasks"
    return found
