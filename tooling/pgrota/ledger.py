"""Holding the rows of notifications after the night batch against those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

# A hash of each row tells a changed row from an equal one.
ROWS = """
select n.id, hash_record_extended((n.id, n.user_id, n.message, n.created_at, n.read_at), 0) as hash
from {} as n
"""
LIVE, ARCHIVED = ROWS.format("public.notifications"), ROWS.format("archive.notifications")

OPEN = f"create temp table ledger as {LIVE} union all {ARCHIVED}"

BALANCE = f"""
select
  count(*) as before,
  (select count(*) from public.notifications) as live,
  (select count(*) from archive.notifications) as archived,
  count(*) filter (where l.id is null and a.id is null) as lost,
  count(*) filter (where l.id is not null and a.id is not null) as doubled,
  count(*) filter (where b.hash <> coalesce(l.hash, a.hash)) as changed
from ledger as b
left join ({LIVE}) as l on l.id = b.id
left join ({ARCHIVED}) as a on a.id = b.id
"""


@dataclass(frozen=True)
class Balance:
    """What became of the rows that were there when the ledger was opened."""

    before: int
    live: int
    archived: int
    lost: int
    doubled: int
    changed: int

    @property
    def holds(self) -> bool:
        return (
            self.before == self.live + self.archived
            and not self.lost and not self.doubled and not self.changed
        )  # fmt: skip

    def __str__(self) -> str:
        sign = "=" if self.before == self.live + self.archived else "<>"
        return (
            f"rows before {self.before:,} {sign} live {self.live:,} + archived {self.archived:,}"
            f", lost {self.lost:,}, doubled {self.doubled:,}, changed {self.changed:,}"
        )


class Ledger:
    """Notes each row when it is opened, and looks for each when it is balanced."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("set work_mem = '128MB'")
        connection.execute(OPEN)
        connection.execute("analyze ledger")

    def balance(self) -> Balance:
        return Balance(*self._connection.execute(BALANCE).fetchone())
