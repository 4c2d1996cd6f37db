"""Works for external tasks: claims runs and calls their handlers in threads."""

from __future__ import annotations

import threading
import time

import psycopg

from pgrota import external
from pgrota.errors import Problem
from pgrota.external_link import LOST_WORKER, Link
from pgrota.external_run import CANCELLED, ExternalRun, Outcome, Shared, WorkingContext
from pgrota.member import DRAINING, is_lost
from pgrota.sessions import Sessions
from pgrota.worker_log import WorkerLog, reason

NAME = "rota external"
POLL, LOOK, SEEN = 0.2, 1.0, 5.0
LIVENESS = 1919906913

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
        self.link = Link(log)
        self._wake = threading.Event()
        self._leaving = threading.Event()
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
                words = f"run {run.run_id} is given up; it will be repeated, uncounted"
                self.link.say(words, "warn")
                self.link.record(run, Outcome(error=error), patient=False)
        self.link.over.set()
        self._wake.set()

    # the claiming thread

    def run(self) -> None:
        while not self._is_done():
            try:
                with self.sessions.open(NAME) as self.link.connection:
                    self.log.back(self.name)
                    self._serve()
            except (psycopg.Error, Problem) as error:
                if is_lost(error):
                    self.log.lost(self.name, error)
                else:
                    self.log.trouble(f"{self.name}: {reason(error)}; going on")
                self.link.over.wait(LOOK)
            # Their backend is gone, and who is seen without one counts as lost.
            self.workers = {}
        self.log.forget(self.name)

    def _is_done(self) -> bool:
        return self._leaving.is_set() and (not self.runs or self.link.over.is_set())

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

    def _show_life(self) -> None:
        """Be seen; be there for each lane with tasks; stay away while the engine is upgraded."""
        for lane, worker_id in list(self.workers.items()):
            try:
                if not self.link.value("select rota_core.see_worker(%s)", worker_id):
                    self.is_draining = True
            except psycopg.DatabaseError as error:
                if error.sqlstate != LOST_WORKER:
                    raise
                self.link.say(f"{reason(error)}; registering again", "warn")
                del self.workers[lane]
        if self.is_draining:
            self._await_upgrade()
        if not self.is_draining and not self._leaving.is_set():
            for lane in self._lanes_with_tasks():
                if lane not in self.workers:
                    self._register(lane)

    def _await_upgrade(self) -> None:
        self.log.trouble("the engine is being upgraded; waiting until that is done")
        if not self.runs:
            self._sign_off()
        self.is_draining = self.link.value(DRAINING)

    def _register(self, lane: str) -> None:
        worker_id = self.link.value(REGISTER, lane)
        if worker_id is None:
            self.is_draining = True
            return
        self.link.fetch("select pg_advisory_lock(%s, %s)", LIVENESS, worker_id)
        self.workers[lane] = worker_id

    def _sign_off(self) -> None:
        for worker_id in self.workers.values():
            self.link.fetch("select rota_core.end_worker(%s)", worker_id)
            self.link.fetch("select pg_advisory_unlock(%s, %s)", LIVENESS, worker_id)
        self.workers = {}

    def _lanes_with_tasks(self) -> list[str]:
        tasks = dict(self.link.fetch(TASKS))
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
            self.link.say(words, "warn")
        elif not applies:
            self._remarks.discard(words)

    def _look_after(self) -> None:
        """Tell handlers whose run is not ours any more."""
        runs = [run for run in list(self.runs) if not run.is_reported]
        held = self.link.held([run.run_id for run in runs]) if runs else {}
        for run in runs:
            context = self.runs.get(run)
            if context is None or context.cancelled or run.is_reported or run.identity in held:
                continue
            context._is_gone = True
            self.link.say(
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
            rows = self.link.fetch(CLAIM, worker_id, lane, list(self.handlers), room)
            keys = self.link.held([row[0] for row in rows]) if rows else {}
            for run_id, task, attempt, document in rows:
                claimed = True
                key = keys.get((run_id, attempt, worker_id))
                self._start(ExternalRun(worker_id, lane, run_id, task, attempt, document, key))
        return claimed

    def _room(self, lane: str) -> int:
        """Handlers that go on although their run is gone give up their place, within bounds."""
        busy = [context for run, context in list(self.runs.items()) if run.lane == lane]
        gone = sum(context.cancelled for context in busy)
        capacity = self.lanes.get(lane, 0)
        return capacity - (len(busy) - gone) - max(0, gone - capacity)

    # a thread for each handler

    def _start(self, run: ExternalRun) -> None:
        self.runs[run] = WorkingContext(run, self.link.write, self._connect)
        name = f"run {run.run_id}"
        threading.Thread(target=self._work, args=(run,), name=name, daemon=True).start()

    def _work(self, run: ExternalRun) -> None:
        context = self.runs[run]
        try:
            outcome = run.execute(self.handlers[run.task], context)
            if not run.take_report():
                return
            if context.cancelled:
                self.link.drop(run)
            elif run.connection is not None and outcome.error is None:
                self.link.commit(run, outcome)
            else:
                run.close()
                self.link.record(run, outcome)
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
