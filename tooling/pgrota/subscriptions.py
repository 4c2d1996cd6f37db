"""Reading subscriptions: where they stand, what they hold back, and who reads for them."""

from __future__ import annotations

import re
from typing import Any

from pgrota import similar
from pgrota.database import Database

READER = "subscription:"

# A lag may be of months, which Python has no lengths of: so many seconds.
_ALL = """
select s.name, s.topic, s.task, s.types, s.filter::text as filter, s.mode, s.batch_size, s.ordered,
  s.shards, extract(epoch from s.max_lag)::float8 * interval '1 s' as max_lag, s.paused,
  nullif(s.paused_until, 'infinity') as paused_until, s.pause_reason, s.delivered, s.lag,
  s.oldest_at, s.retrying, s.waiting, s.leased, s.dead, s.moved_at, s.error, s.released_at,
  s.defined_at, s.defined_by
from rota.subscriptions as s
"""
LIST = f"{_ALL} order by s.name"
ONE = f"{_ALL} where s.name = %s"
OF_TASK = f"{_ALL} where s.task = %s order by s.name"
PLACES = "select p.* from rota_core.places(%s) as p"
HELD = "select h.* from rota_core.held_events(%s, %s) as h"
RUNS = """
select r.run_id, r.state, r.attempt, r.created_at, r.run_at, r.started_at, r.finished_at,
  r.rows_done, r.error, r.stop_reason, (r.input ->> 'shard')::int as shard
from rota.runs as r
where r.task = %s
order by r.run_id desc
limit %s
"""
_DEAD = """
select d.subscription, d.event_id, d.key, d.topic, d.type, d.event, d.attempts, d.error, d.held_at,
  d.dead_at
from rota.dead_letters as d
where (%(subscription)s::text is null or d.subscription = %(subscription)s)
"""
DEAD = f"{_DEAD} order by d.dead_at desc, d.event_id desc limit %(limit)s"
DEAD_LETTER = f"{_DEAD} and d.event_id = %(event_id)s"
DEAD_OF_EVENT = f"{_DEAD} and d.event_id = %(event_id)s order by d.subscription"


def find(database: Database, name: str) -> dict[str, Any]:
    """A subscription by its name; unknown names are refused."""
    row = database.row(ONE, [name])
    if row is None:
        raise similar.SUBSCRIPTION.unknown(database, name)
    return row


def of_reader(task: str) -> str | None:
    """The subscription that a task reads for, if it is a reader."""
    return task.removeprefix(READER) if task.startswith(READER) else None


def reads(row: dict[str, Any], topic: str, type_: str) -> bool:
    """Whether a subscription is for events of this topic and type."""
    pattern = ".*".join(map(re.escape, row["topic"].split("*")))
    named = re.fullmatch(pattern, topic, re.DOTALL) is not None
    return named and (row["types"] is None or type_ in row["types"])
