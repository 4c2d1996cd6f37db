"""The connection of an external worker, that its claiming thread and all handlers share."""

from __future__ import annotations

import json
import threading
from typing import Any

import psycopg

from pgrota.external_run import RECORD, ExternalRun, Outcome, error_of
from pgrota.member import is_lost
from pgrota.worker_log import WorkerLog, reason

COMPONENT = "external"
LOST_WORKER = "RT003"
PAUSE = 0.5

HELD = "select r.run_id, r.attempt, r.worker_id, r.key from rota_core.external_runs(%s) as r"
NOTE = "select rota.log('warn', %s, %s)"


class Link:
    """Single statements, from any thread; the claiming thread alone replaces the connection."""

    def __init__(self, log: WorkerLog) -> None:
        self.log = log
        self.connection: psycopg.Connection | None = None
        # Set when nobody is to wait for the server any more.
        self.over = threading.Event()

    def fetch(self, query: str, *parameters: Any) -> list[tuple]:
        return self.connection.execute(query, parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.fetch(query, *parameters)[0][0]

    def say(self, words: str, level: str = "info") -> None:
        self.log.say(words, level, COMPONENT)

    def held(self, run_ids: list[int]) -> dict[tuple[int, int, int], str | None]:
        """Which attempts of these runs are whose now, and the keys of the runs."""
        rows = self.fetch(HELD, run_ids)
        return {(run_id, attempt, worker): key for run_id, attempt, worker, key in rows}

    def is_held(self, run: ExternalRun) -> bool:
        """Whether a run is still ours, waiting for the server if it is away."""
        while not self.over.is_set():
            try:
                return run.identity in self.held([run.run_id])
            except psycopg.Error:
                self.over.wait(PAUSE)
        return False

    def record(self, run: ExternalRun, outcome: Outcome, patient: bool = True) -> None:
        """Store an outcome, waiting for the server if it is away."""
        values = run.values(outcome)
        while True:
            try:
                self.fetch(RECORD, *values)
                return
            except psycopg.Error as error:
                if error.sqlstate == LOST_WORKER:
                    self.drop(run)
                    return
                if is_lost(error) and patient and not self.over.is_set():
                    self.over.wait(PAUSE)
                elif outcome.error is None and not is_lost(error):
                    outcome = Outcome(error=error_of(error))
                    values = run.values(outcome)
                else:
                    self.say(f"the outcome of run {run.run_id} is lost: {reason(error)}", "error")
                    return

    def commit(self, run: ExternalRun, outcome: Outcome) -> None:
        """Store effects and outcome together; what became of a commit nobody saw is looked up."""
        try:
            run.commit_with(outcome)
        except psycopg.Error as error:
            run.close()
            if error.sqlstate == LOST_WORKER:
                self.drop(run)
            elif not is_lost(error) or self.is_held(run):
                self.record(run, Outcome(error=error_of(error)))

    def drop(self, run: ExternalRun) -> None:
        """An outcome that comes too late."""
        words = (
            f"the outcome of run {run.run_id} of {run.task}, attempt {run.attempt}, was dropped:"
            " it was cancelled, timed out or given to others meanwhile"
        )
        self.say(words, "warn")
        context = {"component": COMPONENT, "run_id": run.run_id, "attempt": run.attempt}
        self.write(NOTE, (words, json.dumps(context)))

    def write(self, statement: str, values: tuple) -> None:
        """Write a log line; one that cannot be stored is shown here and does not fail the work."""
        try:
            self.fetch(statement, *values)
        except psycopg.Error as error:
            self.say(f"log line not stored ({reason(error)}): {values[-2]}", "warn")
