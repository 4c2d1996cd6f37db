"""Random operations by several sessions, while workers work and die; invariants after each."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from harness import Clone, wait_until
from support_crash import Crew
from support_invariants import FINAL, illegal_changes, violations
from support_worker import define, prepare

EFFECT = "perform app.note('1'); perform pg_sleep(random() * 0.003);"
SOON = {"initial_delay": "0 s", "max_delay": "0 s"}
TASKS: dict[str, dict[str, Any]] = {
    "plain": {"body": EFFECT},
    "moody": {"body": EFFECT + "if random() < 0.3 then raise 'bad luck'; end if;"},
    "sick": {"body": EFFECT + "raise 'never';", "max_attempts": 2},
    "dies": {
        "body": EFFECT + "if random() < 0.3 then"
        " perform pg_terminate_backend(pg_backend_pid()); end if;"
    },
    "slow": {
        "body": EFFECT + "if random() < 0.3 then perform pg_sleep(9); end if;",
        "timeout": "200 ms", "max_attempts": 2,
    },
    "one": {"body": EFFECT, "concurrency": 1},
    "left": {"body": EFFECT, "mutex": "m"},
    "right": {"body": EFFECT, "mutex": "m", "priority": 1},
    "rated": {"body": EFFECT, "rate_limit": "50/second"},
    "chunks": {
        "kind": "chunked", "declare": "n int;",
        "body": "n := coalesce((state ->> 'n')::int, 0) + 1; perform app.note(n::text);"
        " perform pg_sleep(random() * 0.01);"
        " if random() < 0.2 then raise 'bad luck'; end if;"
        " return jsonb_build_object('state', jsonb_build_object('n', n), 'done', n >= 5);",
    },
}  # fmt: skip
# What a call may answer when another session, or an earlier operation, was first.
REFUSALS = ("RT001", "RT002", "42704", "40001")


class Driver:
    """Does one random thing after the other and remembers what that allows."""

    def __init__(self, app: Clone, seed: int, sessions: list[psycopg.Connection[Any]]) -> None:
        self.app = app
        self.draw = random.Random(seed)
        self.sessions = sessions
        self.states: dict[int, str] = {}
        self.started: set[int] = set()
        self.undecided: list[tuple[psycopg.Connection[Any], int]] = []
        self.revived: set[int] = set()
        self.retried: set[int] = set()
        self.paused: dict[str, Any] = {}
        self.history: list[str] = []

    def call(self, statement: str, *parameters: Any) -> Any:
        session = self.draw.choice(self.sessions)
        self.history.append(f"{statement} {parameters}")
        try:
            row = session.execute(statement, parameters).fetchone()
        except psycopg.Error as error:
            if error.sqlstate not in REFUSALS:
                raise
            self.history[-1] += f" refused: {error.sqlstate}"
            return None
        return row and row[0]

    def task(self) -> str:
        return self.draw.choice(list(TASKS))

    def any_run(self, *states: str) -> int:
        found = [i for i, state in self.states.items() if state in states]
        return self.draw.choice(found) if found else 0

    def start(self) -> None:
        key = self.draw.choice([None, None, f"k{self.draw.randrange(30)}"])
        run_id = self.call(
            "select s.run_id from rota.start(%s, priority => %s, key => %s,"
            " run_at => rota_core.wall_clock() + %s * interval '1 ms') as s",
            self.task(), self.draw.choice([None, -1, 5]), key, self.draw.choice([-1000, 0, 200]),
        )  # fmt: skip
        if run_id:
            self.started.add(run_id)

    def start_many(self) -> None:
        task, count = self.task(), self.draw.randrange(20)
        self.call("select count(*) from rota.start_many(%s, array_fill('{}'::jsonb, array[%s]))",
                  task, count)  # fmt: skip

    def start_and_decide_later(self) -> None:
        session = self.app.connect(autocommit=False)
        try:
            row = session.execute("select s.run_id from rota.start(%s) as s", [self.task()])
            self.undecided.append((session, row.fetchone()[0]))
        except psycopg.errors.UndefinedObject:
            session.close()

    def decide(self) -> None:
        if self.undecided:
            session, run_id = self.undecided.pop(self.draw.randrange(len(self.undecided)))
            commit = self.draw.random() < 0.7
            self.history.append(f"{'commit' if commit else 'roll back'} run {run_id}")
            session.commit() if commit else session.rollback()
            session.close()
            if commit:
                self.started.add(run_id)

    def start_again(self) -> None:
        run_id = self.call(
            "select s.run_id from rota.start(%s, key => %s, on_key => 'retry_failed') as s",
            self.task(), f"k{self.draw.randrange(30)}",
        )  # fmt: skip
        if run_id:
            self.started.add(run_id)
            self.revived.add(run_id)
            self.retried.add(run_id)

    def cancel(self) -> None:
        self.call("select rota.cancel(%s)", self.any_run("queued", "running"))

    def retry(self) -> None:
        run_id = self.any_run("failed", "cancelled", *FINAL)
        self.revived.add(run_id)
        self.retried.add(run_id)
        self.call("select rota.retry(%s)", run_id)

    def pause(self) -> None:
        task = self.task()
        self.call("select rota.pause('task', %s)", task)
        if self.history[-1].count("refused") == 0:
            now = self.sessions[0].execute("select clock_timestamp()::text").fetchone()[0]
            self.paused.setdefault(task, now)

    def resume(self) -> None:
        task = self.draw.choice([*self.paused, self.task()])
        self.paused.pop(task, None)
        self.call("select rota.resume('task', %s)", task)

    def drop(self) -> None:
        task = self.task()
        self.call("select rota.drop_task(%s, queued_runs => 'cancel')", task)
        if self.history[-1].count("refused") == 0:
            self.paused.pop(task, None)

    def redefine(self) -> None:
        self.define(self.task())

    def define(self, task: str) -> None:
        self.history.append(f"define {task}")
        define(self.app, task, **with_answer(TASKS[task]), **SOON)

    def crash(self) -> None:
        self.history.append("crash")
        self.sessions[0].execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = ("
            " select pid from pg_stat_activity where datname = current_database()"
            " and application_name ~ '^rota (run|worker)' order by random() limit 1)"
        )

    def wait(self) -> None:
        time.sleep(self.draw.random() * 0.1)

    def step(self) -> None:
        self.draw.choices(list(OPERATIONS), list(OPERATIONS.values()))[0](self)

    def check(self) -> None:
        before, after = self.states, {}
        paused = Jsonb([{"task": t, "since": since} for t, since in self.paused.items()])
        broken = violations(
            self.sessions[0], states=after, paused=paused, retried=sorted(self.retried)
        )
        assert broken == {}, self.story()
        assert illegal_changes(before, after, self.revived) == [], self.story()
        assert self.started <= set(after), self.story()
        self.states = after
        # Once more in a final state, a run stays there until the next retry.
        self.revived -= {i for i in self.revived if after.get(i) == "succeeded"}

    def story(self) -> str:
        return "\n".join(self.history[-40:])

    def finish(self) -> None:
        """Everything that may run, does."""
        while self.undecided:
            self.decide()
        for task in TASKS:
            self.define(task)
            self.sessions[0].execute("select rota.resume('task', %s)", [task])
        self.paused.clear()
        self.started.add(self.call("select s.run_id from rota.start('sick') as s"))


def with_answer(task: dict[str, Any]) -> dict[str, Any]:
    return task if "kind" in task else task | {"body": task["body"] + " return null;"}


OPERATIONS: dict[Callable[[Driver], None], int] = {
    Driver.start: 30,
    Driver.start_many: 10,
    Driver.start_and_decide_later: 4,
    Driver.decide: 4,
    Driver.start_again: 4,
    Driver.cancel: 10,
    Driver.retry: 8,
    Driver.pause: 4,
    Driver.resume: 5,
    Driver.drop: 2,
    Driver.redefine: 5,
    Driver.crash: 5,
    Driver.wait: 10,
}


@contextmanager
def driver_of(app: Clone, seed: int) -> Iterator[Driver]:
    with ExitStack() as stack:
        sessions = [stack.enter_context(app.connect()) for _ in range(3)]
        driver = Driver(app, seed, sessions)
        for task in TASKS:
            driver.define(task)
        yield driver
        for session, _ in driver.undecided:
            session.close()


@pytest.mark.parametrize("seed", range(3))
def test_invariants_hold_whatever_happens(database: Clone, seed: int, long: bool) -> None:
    app = prepare(database)
    with driver_of(app, seed) as driver:
        with Crew(app, workers=3):
            for _ in range(1200 if long else 150):
                driver.step()
                driver.check()
            driver.finish()
            wait_until(
                lambda: not app.value("select count(*) from rota_core.run"), 90, 0.1, "all to end"
            )  # fmt: skip
            driver.check()
        assert len(driver.states) > 50
        assert set(driver.states.values()) >= {"succeeded", "failed", "cancelled"}
