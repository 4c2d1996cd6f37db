"""Reading the event log: the newest events, one of them, and those that come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pgrota.database import Database
from pgrota.errors import Problem

# In order of their numbers. The view of all events would be read whole for that.
NEWEST = """
select t.*
from rota_core.tail_events(
  topics => %(topics)s, types => %(types)s, since => %(since)s, max_events => %(limit)s
) as t
order by t.event_id desc
"""
FROM = """
select t.*
from rota_core.tail_events(
  after => %(after)s, topics => %(topics)s, types => %(types)s, max_events => %(limit)s
) as t
"""
NEXT = """
select f.place, f.events
from rota_core.follow_events(%(place)s, topic => %(topic)s, types => %(types)s) as f
"""


TOPICS = "select distinct t.topic from rota_core.tail_events(max_events => 200) as t"


def topics(database: Database) -> list[str]:
    """What the newest events are of."""
    return [row["topic"] for row in database.rows(TOPICS)]


def newest(
    database: Database,
    limit: int,
    topic: str | None = None,
    types: list[str] | None = None,
    since: datetime | None = None,
) -> list[dict[str, Any]]:
    """The newest events like that, the newest first."""
    topics = [topic] if topic else None
    return database.rows(NEWEST, {"topics": topics, "types": types, "since": since, "limit": limit})


def find(database: Database, event_id: int) -> dict[str, Any]:
    """An event by its number."""
    wanted = {"after": event_id - 1, "topics": None, "types": None, "limit": 1}
    row = database.row(FROM, wanted)
    if row is None or row["event_id"] != event_id:
        raise Problem(
            f"event {event_id} does not exist, or is not kept any more",
            hint="rota event list",
        )
    return row


class Follower:
    """Events as they commit, each once.

    The place is two snapshots and the numbers that belong to them, so that an event shows when its
    transaction commits, also where later numbers have been shown.
    """

    def __init__(self, database: Database, topic: str | None, types: list[str] | None) -> None:
        self.database = database
        self.wanted = {"topic": topic or "*", "types": types}
        self.place: dict[str, Any] | None = None
        self.is_elsewhere = False

    def begin(self, count: int) -> list[dict[str, Any]]:
        """The newest so many events, in order; what commits from now on is for `more`."""
        with self.database.transaction():
            # The events shown and those to come are parted by one snapshot.
            self.database.execute("set transaction isolation level repeatable read, read only")
            self.more()
            if not count:
                return []
            topic, types = self.wanted["topic"], self.wanted["types"]
            return newest(self.database, count, topic, types)[::-1]

    def more(self) -> list[dict[str, Any]]:
        """A page of what has committed since; empty when that was all."""
        from psycopg.types.json import Jsonb

        place = Jsonb(self.place) if self.place else None
        found = self.database.rows(NEXT, self.wanted | {"place": place})[0]
        before, self.place = self.place, found["place"]
        # Numbers of transactions mean nothing in another cluster.
        self.is_elsewhere = bool(before) and before["cluster"] != self.place["cluster"]
        return [_typed(event) for event in found["events"] or []]


def _typed(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"at": datetime.fromisoformat(event["at"])}
