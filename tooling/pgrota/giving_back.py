"""What was there before rota took it over, put back: jobs of pg_cron, and objects of files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg import sql

from pgrota import catalog, change, restoring
from pgrota.drift import Drift
from pgrota.errors import LockedOut, Problem, Refusal, is_transient
from pgrota.recording import act_as, recorded

Key = tuple[str, str]

_TAKEN = """
select
  format('cron job %%s of %%s',
    coalesce(quote_literal(a.job_name), a.job_id::text, 'without a name'), a.username),
  a.schedule, a.cron, a.command, a.username, a.job_name, a.job_id, a.active,
  case when (rota_core.parse_cron(s.cron)).every < interval '1 minute' then null
    else rota.cron_next(s.cron, rota_core.wall_clock(), s.timezone) end
from rota_core.adopted_job as a
join rota_core.schedule as s on s.schedule = a.schedule
where a.outcome = 'replaced' and (a.schedule = any (%(names)s) or %(names)s::text[] is null)
order by a.schedule
"""
_FOUND = """
select o.kind, o.identity, to_jsonb(o) #> '{attributes,found}'
from rota_core.deployed_object as o
where o.project not in ('rota', 'foundation')
  and (o.project = %(name)s or %(name)s::text is null)
"""
_PUT = "select rota_core.return_cron_job(%s, %s, %s, %s, %s, %s, %s)"
_LATE = "select rota_core.wall_clock() + interval '5 s' >= %s"


def found(connection: psycopg.Connection, project: str | None = None) -> dict[Key, dict | None]:
    """The objects of the record, each with how it stood before a file took it over, if it did."""
    rows = connection.execute(_FOUND, {"name": project})
    return {(kind, identity): was for kind, identity, was in rows}


class GivingBack:
    """Puts back what a transaction takes out of rota's hands."""

    def __init__(self, connection: psycopg.Connection, role: str) -> None:
        self.connection = connection
        self.role = role
        self.slots: list[Any] = []

    def jobs(self, schedules: Collection[str] | None = None) -> list[str]:
        """Those in whose place these schedules, or all, were put. The schedules have to go then."""
        act_as(self.connection, "rota_owner")
        names = None if schedules is None else list(schedules)
        rows = self.connection.execute(_TAKEN, {"names": names}).fetchall()
        act_as(self.connection, self.role)
        back = []
        for title, *job, slot in rows:
            try:
                with recorded(self.connection):
                    is_back = self.connection.execute(_PUT, job).fetchone()[0]
            except psycopg.Error as error:
                raise error if is_transient(error) else Refusal(error) from error
            self.slots += [slot] if slot else []
            back += [title] if is_back else []
        return back

    def check(self) -> None:
        """pg_cron looks once a second at what has come; a slot must not pass meanwhile."""
        for slot in self.slots:
            if self.connection.execute(_LATE, [slot]).fetchone()[0]:
                raise LockedOut(
                    "cron jobs cannot be put back now",
                    f"the slot at {slot} is too near to say who starts it",
                    "do it again in half a minute",
                )

    def objects(self, found: Mapping[Key, dict | None]) -> list[str]:
        """All of these that were there before."""
        before = {key: was for key, was in found.items() if was}
        there = catalog.standing(self.connection, before)
        for key in there:
            self.object(key, before[key])
        return [f"{kind} {name}" for kind, name in there]

    def object(self, key: Key, was: dict, path: str | None = None) -> None:
        """A function as it was when a file took it over; others are left as they are."""
        kind, name = key
        standing = catalog.find(self.connection, [key])
        if not standing or kind not in ("function", "procedure"):
            return
        (now,) = standing
        if now.fingerprint == was["fingerprint"]:
            return
        act_as(self.connection, self.role)
        fields = change.attributes(was["attributes"], now.attributes)
        try:
            with self.connection.transaction(), recorded(self.connection):
                self.connection.execute(sql.SQL(was["definition"]))
        except psycopg.Error as error:
            if is_transient(error):
                raise
            raise Problem(
                f"{kind} {name} cannot be put back as it was before rota took it over",
                error.diag.message_primary,
                error.diag.message_hint
                or f"have {path or 'its file'} make it as it was, deploy that, and do this again",
            ) from error
        drift = Drift(kind, name, "", path, "changed", fields=fields, recorded=was["attributes"])
        restoring.restore(self.connection, [drift], self.role)
