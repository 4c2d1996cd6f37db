"""Taking rota out of a database without leaving anything of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pgrota import (
    belongings,
    drain,
    giving_back,
    migration,
    outsiders,
    preflight,
    record,
    role_removal,
)
from pgrota.database import Database
from pgrota.errors import Problem
from pgrota.preflight import ROLES
from pgrota.transaction import Patience, Transaction, retried


@dataclass
class Removed:
    """What went, and what could not."""

    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def put_back(self, names: list[str]) -> None:
        """Say that it is there as it was before."""
        self.kept += [f"{name}: as it was before rota took it over" for name in names]

    def as_json(self) -> dict:
        return {"removed": self.removed, "kept": self.kept}


@dataclass(frozen=True)
class Contents:
    """What would be lost."""

    tasks: int
    finished_runs: int
    live_runs: int


def contents(database: Database) -> Contents | None:
    """How much there is, or None where rota is not installed."""
    with database.connect(autocommit=False) as connection:
        facts = preflight.look(connection)
        if not facts.schemas_exist or not record.exists(connection):
            return None
        preflight.require_membership(connection, facts)
        connection.execute("set local role rota_owner")
        counts = [
            connection.execute(f"select count(*) from rota_core.{table}").fetchone()[0]
            for table in ("task", "finished_run", "run")
        ]
        connection.rollback()
    return Contents(*counts)


def remove(
    database: Database,
    *,
    force: bool = False,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Removed:
    """Remove schemas, cron rows, settings, grants and, where nobody else needs them, the roles."""
    patience = patience or Patience()
    with database.connect(autocommit=False, kind=migration.HeldConnection) as connection:
        once = _Removal(connection, patience, say, force)
        if not record.exists(connection):
            connection.rollback()
            return retried(once)
        once.refuse_live_runs()
        with drain.drained(connection, patience.drain, say, insist=not force):
            return retried(once)


class _Removal(Transaction):
    """One try of the whole removal."""

    def __init__(
        self,
        connection: migration.HeldConnection,
        patience: Patience,
        say: Callable[[str], None],
        force: bool,
    ) -> None:
        super().__init__(connection, patience, say)
        self.force = force

    def refuse_live_runs(self) -> None:
        facts = preflight.look(self.connection)
        preflight.require_membership(self.connection, facts)
        self.connection.execute("set local role rota_owner")
        live = self.connection.execute("select count(*) from rota_core.run").fetchone()[0]
        self.connection.rollback()
        if live and not self.force:
            raise Problem(
                f"{live} runs are queued or running",
                "they and all history would be lost",
                "wait for them or cancel them (rota run list), or: rota remove --force",
            )

    def work(self) -> Removed:
        self.removed = Removed()
        self.facts = preflight.look(self.connection)
        self.there = [role for role in ROLES if role in self.facts.roles]
        preflight.require_membership(self.connection, self.facts)
        self._refuse_foreign()
        if "rota_worker" in self.there:
            self._cron()
        self._projects()
        self._schemas()
        for role, reason in role_removal.remove(self.connection, self.facts, self.there):
            if reason:
                self.removed.kept.append(f"role {role}: {reason}")
            else:
                self.removed.removed.append(f"role {role}")
        return self.removed

    def _refuse_foreign(self) -> None:
        foreign = outsiders.dependants(self.connection)
        if foreign and not self.force:
            raise Problem(
                "other objects depend on rota",
                "\n".join(foreign),
                "change or drop them first, or let them go too: rota remove --force",
            )
        self.removed.removed += foreign

    def _cron(self) -> None:
        if not self._sees_cron():
            return
        self.connection.execute("set local role rota_worker")
        rows = self.connection.execute(
            "select j.jobid, j.jobname from cron.job as j"
            " where j.username = current_user and j.database = current_database()"
        ).fetchall()
        for jobid, name in rows:
            self.connection.execute("select cron.unschedule(%s::bigint)", [jobid])
            self.removed.removed.append(f"cron job {name or jobid}")
        if rows:
            self.connection.execute(
                "delete from cron.job_run_details as d"
                " where d.username = current_user and d.database = current_database()"
            )
        self.connection.execute("set local role none")

    def _sees_cron(self) -> bool:
        return self.connection.execute(
            "select coalesce((select has_schema_privilege('rota_worker', n.oid, 'USAGE')"
            " from pg_catalog.pg_namespace as n"
            " join pg_catalog.pg_extension as e on e.extname = 'pg_cron'"
            " where n.nspname = 'cron'), false)"
        ).fetchone()[0]

    def _projects(self) -> None:
        """What the files of recipes and projects made goes; their tables hold data and stay."""
        if not record.exists(self.connection):
            return
        self.connection.execute("set local role rota_owner")
        theirs = belongings.of(self.connection)
        tables = belongings.projects(self.connection)
        sample = self.connection.execute("select from rota_core.recipe_version").rowcount
        found = giving_back.found(self.connection)
        back = giving_back.GivingBack(self.connection, "none")
        self.removed.put_back([*back.jobs(), *back.objects(found)])
        back.check()
        self.connection.execute("set local role none")
        for kind, identity in belongings.drop_objects(self.connection, theirs.objects):
            self.removed.removed.append(f"{kind} {identity}")
        for name, reason in belongings.drop_schemas(self.connection, theirs.schemas):
            if reason:
                self.removed.kept.append(f"schema {name}: {reason}")
            else:
                self.removed.removed.append(f"schema {name}")
        kept = {belongings.kept_tables(name, heads): None for name, heads in tables.items()}
        if sample:
            kept["the tables of the sample application: drop them yourself"] = None
        self.removed.kept += [words for words in kept if words]

    def _schemas(self) -> None:
        for schema, owner in (
            ("rota", self.facts.owner_of_rota),
            ("rota_core", self.facts.owner_of_rota_core),
        ):
            if owner == "rota_owner":
                self.connection.execute("set local role rota_owner")
                self.connection.execute(f"drop schema {schema} cascade")
                self.connection.execute("set local role none")
                self.removed.removed.append(f"schema {schema}")
