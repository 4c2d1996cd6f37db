"""Sessions that interfere with each other, and what must hold for slots all the same."""

from __future__ import annotations

import itertools
import threading
import time

import psycopg

from harness import Clone
from support_schedule import prepare

# Minutes up to the clock's latest time that no row stands for.
LOST = """
select g.minute
from generate_series(%s::timestamptz, %s, interval '1 minute') as g (minute)
where not exists (
  select from rota_core.slot as s
  where s.schedule = %s and (s.slot = g.minute or g.minute between s.slot and s.through)
)
limit 3
"""
TWICE = """
select r.origin, count(*), count(distinct s.slot)
from rota_core.run as r
left join rota_core.slot as s using (run_id)
where r.run_id not in (select h.run_id from public.by_hand as h)
group by r.origin
having count(*) <> count(distinct s.slot)
"""


def furnish(database: Clone) -> Clone:
    database.run("create table public.by_hand (run_id bigint)")
    return prepare(database)


class Storm:
    """Statements that sessions repeat, each in its own, until the end of a `with` block."""

    def __init__(self, app: Clone, *statements: str, user: str = "postgres") -> None:
        self.app = app
        self.user = user
        self.errors: list[psycopg.Error] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(parts.split(";"),)) for parts in statements
        ]

    def _repeat(self, statements: list[str]) -> None:
        try:
            with self.app.connect(self.user) as connection:
                for statement in itertools.cycle(statements):
                    if self._stop.is_set():
                        return
                    connection.execute(statement)
                    time.sleep(0.002)
        except psycopg.Error as error:
            self.errors.append(error)

    def __enter__(self) -> Storm:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
