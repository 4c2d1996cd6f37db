"""Taking one project out of a database, and leaving the engine and all others as they are."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import sql

from pgrota import (
    belongings,
    catalog,
    cron,
    giving_back,
    migration,
    own,
    preflight,
    project,
    record,
    retiring,
    revisions,
)
from pgrota.calls import Definition
from pgrota.change import Change
from pgrota.config import Config
from pgrota.database import Database
from pgrota.errors import Problem, Refusal, is_transient
from pgrota.removal import Removed
from pgrota.transaction import Patience, Transaction, retried

_STATE_FORBIDS = "RT002"


def look(database: Database, name: str) -> belongings.Belongings:
    """What a removal would take away."""
    with database.connect(autocommit=False, kind=migration.HeldConnection) as connection:
        _require(connection, name)
        found = belongings.of(connection, name)
        connection.rollback()
    return found


def remove(
    database: Database,
    name: str,
    *,
    migrations: Config | None = None,
    force: bool = False,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Removed:
    """Remove what the files of a project made, and its record.

    Its tables hold data: they go only with `migrations`, the project whose downgrades are run.
    """
    patience = patience or Patience()
    with database.connect(autocommit=False, kind=migration.HeldConnection) as connection:
        once = _ProjectRemoval(connection, patience, say, name, migrations, force)
        removed = retried(once)
        cron.ring(connection, any(each.startswith("cron job ") for each in removed.removed))
    return removed


def _require(connection: psycopg.Connection, name: str) -> tuple[preflight.Facts, set[str]]:
    """That the project is here; where its tables stand. Acts as rota_owner from then on."""
    facts = preflight.look(connection)
    if not facts.schemas_exist or not record.exists(connection):
        raise Problem("rota is not installed in this database", hint="rota deploy")
    preflight.require_membership(connection, facts)
    connection.execute("set local role rota_owner")
    there = belongings.projects(connection)
    if name not in there:
        raise Problem(
            f"project {name} is not deployed here",
            f"deployed here: {', '.join(sorted(there)) or 'the engine alone'}",
        )
    return facts, there[name]


class _ProjectRemoval(Transaction):
    """One try of the whole removal."""

    def __init__(
        self,
        connection: migration.HeldConnection,
        patience: Patience,
        say: Callable[[str], None],
        name: str,
        migrations: Config | None,
        force: bool,
    ) -> None:
        super().__init__(connection, patience, say)
        self.name = name
        self.migrations = migrations
        self.force = force

    def work(self) -> Removed:
        self.removed = Removed()
        self.changes: list[Change] = []
        self.facts, self.heads = _require(self.connection, self.name)
        self.recorded = bool(record.read(self.connection, self.name).hashes)
        mine = belongings.of(self.connection, self.name)
        found = giving_back.found(self.connection, self.name)
        self._act_as("rota_worker")
        jobs = cron.jobs(self.connection)
        self._act_as(self.facts.deployer)
        back = giving_back.GivingBack(self.connection, self.facts.deployer)
        schedules = [each.name for each in mine.definitions if each.kind == "schedule"]
        self.removed.put_back(back.jobs(schedules))
        for definition in mine.definitions:
            self._drop_definition(definition)
        before = back.objects(found)
        self._refuse_dependants(mine.objects)
        for kind, identity in belongings.drop_objects(self.connection, mine.objects):
            self._gone(kind, identity)
        self.removed.put_back(before)
        self._tables()
        self._act_as(self.facts.deployer)
        for name, reason in belongings.drop_schemas(self.connection, mine.schemas):
            if reason:
                self.removed.kept.append(f"schema {name}: {reason}")
            else:
                self._gone("schema", name)
        self._cron(jobs)
        self._forget()
        back.check()
        return self.removed

    def _gone(self, kind: str, name: str) -> None:
        self.removed.removed.append(f"{kind} {name}")
        self.changes.append(Change(kind, name, "drop"))

    def _drop_definition(self, definition: Definition) -> None:
        call = retiring.DROPS[definition.kind]
        if definition.kind in ("task", "pipeline") and self.force:
            call = f"rota.drop_{definition.kind}(%s, queued_runs => 'cancel')"
        if definition.kind == "watch" and self._is_read(definition.name):
            self.removed.kept.append(f"{definition}: there are subscriptions of others to it")
            return
        try:
            with self.connection.transaction():
                self.connection.execute(f"select {call}", [definition.name])
        except (psycopg.errors.UndefinedObject, psycopg.errors.UndefinedTable):
            return
        except psycopg.Error as error:
            if is_transient(error):
                raise
            if error.sqlstate == _STATE_FORBIDS and not self.force:
                raise Problem(
                    f"{self.name} cannot be removed: {error.diag.message_primary}",
                    error.diag.message_detail,
                    f"wait for its runs (rota run list), or: rota remove {self.name} --force,"
                    " which cancels what is queued",
                ) from error
            raise Refusal(error, f"{self.name} cannot be removed") from error
        self._gone(definition.kind, definition.name)

    def _is_read(self, table: str) -> bool:
        return self.connection.execute(
            "select exists (select from rota.subscriptions as s where s.topic = %s)", [table]
        ).fetchone()[0]

    def _refuse_dependants(self, objects: list[tuple[str, str]]) -> None:
        """What others have built upon a project does not go with it unasked."""
        mine = {(s.classid, s.oid) for s in catalog.find(self.connection, objects)}
        foreign = {
            each["description"]: None
            for kind, identity in objects
            for each in catalog.dependants(self.connection, kind, identity)
            if (each["classid"], each["oid"]) not in mine
        }
        if foreign and not self.force:
            raise Problem(
                f"other objects depend on {self.name}",
                "\n".join(foreign),
                f"change or drop them first, or let them go too: rota remove {self.name} --force",
            )
        self.removed.removed += foreign

    def _tables(self) -> None:
        if self.migrations is None:
            kept = belongings.kept_tables(self.name, self.heads)
            if kept and self.heads:
                kept += f", with their data; to drop them: rota remove {self.name} --migrations"
            if kept:
                self.removed.kept.append(kept)
            return
        user = self.migrations.project()
        self._act_as("rota_owner")
        known = {r.revision for r in revisions.read(user.migrations)}
        own.pending(user, self.heads)
        if self.heads:
            self._act_as(self.facts.deployer)
            with own.migrating(self.connection, user, self.facts.role):
                migration.downgrade(self.connection, user.migrations, user.version_table)
            for revision in reversed(revisions.read(user.migrations)):
                if revision.revision in known:
                    self._gone("migration", str(revision))
        self._act_as("rota_owner")
        table = sql.Identifier(migration.SCHEMA, user.version_table)
        self.connection.execute(sql.SQL("drop table if exists {}").format(table))

    def _cron(self, before: dict[str, dict]) -> None:
        self._act_as("rota_worker")
        self.connection.execute("select rota_core.sync_cron()")
        for change in cron.compared(before, cron.jobs(self.connection)):
            if change.action == "drop":
                self._gone(change.kind, change.name)

    def _forget(self) -> None:
        """What was deployed is no longer; that it was, and that it was removed, stays known."""
        if not self.changes and not self.recorded:
            return
        self._act_as("rota_owner")
        for table in ("deployed_object", "deployed_file"):
            self.connection.execute(
                f"delete from rota_core.{table} as d where d.project = %s", [self.name]
            )
        self.changes.append(Change("project", self.name, "drop"))
        listed = [change.as_json() for change in self.changes]
        home = self.migrations.home if self.migrations else None
        record.begin(self.connection, self.name, listed, self.facts, home)
        self.removed.removed.append(f"project {self.name}")


def check_migrations(name: str, here: Config | None) -> Config:
    """The project whose migrations are to be undone."""
    if name in project.recipes():
        raise Problem(
            f"the tables of recipe {name} are those of the sample application",
            "they have no way back",
            f"rota remove {name}, and drop what you do not need yourself",
        )
    if here is None or here.name != name:
        raise Problem(
            f"the migrations of {name} are not here",
            f"this is project {here.name}" if here else "there is no project here",
            f"rota --project DIR remove {name} --migrations",
        )
    return here
