"""A transaction that succeeds whole or leaves no trace, and is tried again when locks say so."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import psycopg

from pgrota import blockers
from pgrota.blockers import Witness
from pgrota.errors import LockedOut, Refusal, is_transient, place_of
from pgrota.migration import HeldConnection
from pgrota.recording import act_as

LOCK = (1919906916, 1)
LOCK_TIMEOUT = "300ms"
UNCHANGED = "nothing was changed; try again when the server answers"
UNKNOWN = "whether it took effect is not known; when the server answers, rota plan tells"
SESSION = {
    "search_path": "pg_catalog, pg_temp",
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_min_messages": "warning",
    "check_function_bodies": "on",
    "quote_all_identifiers": "off",
    "intervalstyle": "postgres",
}


@dataclass(frozen=True)
class Patience:
    """How long to wait for others: for another deploy and for workers, in seconds; for locks."""

    lock: float = 10.0
    drain: float = 60.0
    lock_timeout: str = LOCK_TIMEOUT
    tries: int = 15

    @classmethod
    def of_a_plan(cls, lock: float = 10.0) -> Patience:
        """Who only looks may not make those queue who work."""
        return cls(lock=lock, lock_timeout="20ms", tries=5)


def settle(
    connection: psycopg.Connection, more: Mapping[str, str] | None = None, local: bool = True
) -> None:
    """Set what statements mean and how long they wait, for the transaction or the session."""
    for name, value in {**SESSION, **(more or {})}.items():
        connection.execute("select set_config(%s, %s, %s)", [name, value, local])


def retried(once: Transaction) -> Any:
    """Waiting long for a lock would make everyone queue behind it: wait little, but often."""
    connection, tries = once.connection, once.patience.tries
    witness = Witness()
    for tried in range(1, tries + 1):
        try:
            with witness.watching(connection) if tried > 1 else nullcontext():
                return once.run()
        except psycopg.Error as error:
            if connection.closed or not is_transient(error):
                raise
            connection.rollback()
            trouble = waited(error, witness)
            if tried == tries:
                message = f"gave up after {tries} tries: {trouble}; nothing was changed"
                raise locked_out(message, error, witness) from error
            once.say(f"somebody else holds a lock ({trouble}); trying again")
            time.sleep(random.uniform(0.1, 0.3) * min(tried, 6))
    raise AssertionError("unreachable")


def waited(error: psycopg.Error, witness: Witness) -> str:
    """Who waited and for what, or else what the server said."""
    place = place_of(error)
    if witness.wanted:
        return f"{place or 'it'} waited for {witness.wanted}"
    said = error.diag.message_primary or str(error)
    return f"{place}: {said}" if place else said


def locked_out(message: str, error: psycopg.Error, witness: Witness) -> LockedOut:
    """The message with who stood in the way, as far as we may see."""
    pids = [blocker.pid for blocker in witness.blockers if blocker.pid]
    return LockedOut(
        message,
        witness.detail or error.diag.message_detail or error.diag.context,
        "run it again when these sessions are done, or end one:"
        f" select pg_terminate_backend({pids[0] if pids else 'PID'});",
    )


class Transaction:
    """One try of a whole that succeeds or leaves no trace."""

    def __init__(
        self,
        connection: HeldConnection,
        patience: Patience,
        say: Callable[[str], None],
        dry_run: bool = False,
    ) -> None:
        self.connection = connection
        self.patience = patience
        self.say = say
        self.dry_run = dry_run

    def run(self) -> Any:
        try:
            self._prepare()
            self._take_lock()
            result = self.work()
        except BaseException as error:
            if not self.connection.closed:
                self.connection.rollback()
            elif isinstance(error, psycopg.Error):
                raise Refusal(error, hint=UNCHANGED) from error
            elif isinstance(error, Refusal):
                error.hint = UNCHANGED
            raise
        if self.dry_run:
            self.connection.rollback()
        else:
            self._commit()
        return result

    def _commit(self) -> None:
        try:
            self.connection.commit()
        except psycopg.Error as error:
            if not self.connection.closed:
                raise
            raise Refusal(error, "at the commit", UNKNOWN) from error

    def work(self) -> Any:
        raise NotImplementedError

    def _prepare(self) -> None:
        settle(self.connection, {"lock_timeout": self.patience.lock_timeout})

    def _take_lock(self) -> None:
        deadline = time.monotonic() + self.patience.lock
        told = False
        query = "select pg_try_advisory_xact_lock(%s, %s)"
        while not self.connection.execute(query, LOCK).fetchone()[0]:
            if time.monotonic() > deadline:
                raise LockedOut(
                    "another deploy of this database is under way",
                    blockers.holder(self.connection, LOCK),
                )
            if not told:
                self.say("another deploy is under way; waiting for it")
                told = True
            time.sleep(0.1)

    def _act_as(self, role: str) -> None:
        act_as(self.connection, role)
