"""One deploy as a transaction: tables, then functions and views, on one connection."""

from __future__ import annotations

import time
from collections.abc import Callable

from pgrota import (
    alone,
    comparing,
    cron,
    drain,
    foundation,
    migration,
    own,
    preflight,
    project,
    record,
    restoring,
    schema_grants,
)
from pgrota.change import Change
from pgrota.drain import DrainNeeded
from pgrota.drift import Drift, Drifted
from pgrota.objects import ObjectLane
from pgrota.outcome import Outcome
from pgrota.project import Project
from pgrota.recording import recorded
from pgrota.transaction import Patience, Transaction, retried


def carry_out(once: DeployOnce) -> Outcome:
    """Do it, and tell pg_cron of it."""
    outcome = _tried(once)
    if not once.dry_run:
        cron.ring(once.connection, any(change.kind == "cron job" for change in outcome.changes))
    outcome.seconds = time.monotonic() - once.began
    return outcome


def _tried(once: DeployOnce) -> Outcome:
    """Try until no lock is in the way and, where the engine itself changes, no worker."""
    try:
        return retried(once)
    except DrainNeeded as reason:
        once.say(f"the engine is being upgraded ({reason})")
    once.connection.rollback()
    with drain.drained(once.connection, once.patience.drain, once.say):
        once.drained = True
        return retried(once)


class DeployOnce(Transaction):
    """One try of the whole deploy."""

    def __init__(
        self,
        connection: migration.HeldConnection,
        projects: list[Project],
        patience: Patience,
        say: Callable[[str], None],
        dry_run: bool,
    ) -> None:
        super().__init__(connection, patience, say, dry_run)
        self.projects = projects
        self.drained = self.allow_drop = self.force = self.gives_back = False
        self.done: list[Change] = []
        self.began = time.monotonic()

    def work(self) -> Outcome:
        self.outcome = Outcome(drained=self.drained)
        self.facts = preflight.look(self.connection)
        may_act = preflight.check(self.connection, self.facts)
        self.connection.statements = []
        self._look_for_drift(may_act)
        self._bootstrap(may_act)
        for each in self.projects:
            self._project(each)
        role = self.facts.deployer
        changes, notes = cron.settle_adoptions(self.connection, role, self.dry_run)
        self.outcome.changes += changes
        self.outcome.notes += notes
        self.outcome.statements = self.connection.statements
        drain.clear(self.connection)
        return self.outcome

    def _look_for_drift(self, may_act: bool) -> None:
        """What others changed is refused, before anything is done, or put right."""
        if not may_act or not self.facts.schemas_exist or not record.exists(self.connection):
            return
        self._act_as("rota_owner")
        names = {project.FOUNDATION, *(each.name for each in self.projects)}
        found = comparing.look(self.connection, names).drift
        self.outcome.drift = [d for d in found if not self._is_moot(d)]
        if self.outcome.drift and not (self.force or self.dry_run):
            raise Drifted(self.outcome.drift)
        restoring.restore(self.connection, found, self.facts.deployer)

    def _is_moot(self, found: Drift) -> bool:
        """Whether what is gone would go anyhow, since its file is gone too."""
        paths = {each.name: {file.path for file in each.files} for each in self.projects}
        files = paths.get(found.project, {found.file})
        return found.what == "gone" and found.file is not None and found.file not in files

    def _act_as_deployer(self) -> None:
        self._act_as(self.facts.deployer)

    def _bootstrap(self, may_act: bool) -> None:
        self.engine_is_here = self.facts.schemas_exist and record.exists(self.connection)
        self.bootstrapped = False
        if may_act and self.engine_is_here:
            self._act_as("rota_owner")
            stands = foundation.stands(self.connection)
            self._act_as_deployer()
            if stands:
                return
        changes = foundation.lay(self.connection)
        self._act_as_deployer()
        self.bootstrapped = True
        self.outcome.changes += changes

    def _project(self, each: Project) -> None:
        role = "rota_owner" if each.is_engine else self.facts.deployer
        jobs = self._jobs()
        absent = own.absent_schemas(self.connection, each)
        changes = (self.done if each.home else []) + self._migrate(each, role)
        self._act_as("rota_owner")
        lane = ObjectLane(
            self.connection,
            each,
            role,
            lambda error: each.hint(error, self.facts.role),
            self._before_drop(each),
            drop_vanished=each.is_engine or self.allow_drop,
            gives_back=self.gives_back,
        )
        own.refuse_taken(self.connection, each, lane.before)
        lane.apply()
        changes += own.made_schemas(self.connection, absent) + lane.changes
        if each.is_engine:
            self._act_as_deployer()
            changes += cron.grant_usage(self.connection)
            settings = cron.read_settings(self.connection)
            self._act_as("rota_owner")
            changes += cron.write_settings(self.connection, settings)
        self._act_as("rota_owner")
        changes += comparing.undone(self.outcome.drift, each.name, changes)
        self._upkeep()
        changes += cron.compared(jobs, self._jobs())
        self.outcome.changes += changes
        self._note_leftovers(each, lane)
        if changes or (each.is_engine and self.bootstrapped):
            self._record(each, changes, lane)
        self._act_as_deployer()

    def _migrate(self, each: Project, role: str) -> list[Change]:
        self._act_as("rota_owner")
        waiting = own.pending(each, own.heads(self.connection, each.version_table))
        if not waiting:
            return []
        if each.is_engine:
            self._need_drain(f"migration {waiting[0]}")
        if each.home:
            with recorded(self.connection):
                own.make_version_table(self.connection, each)
        self._act_as(role)
        with own.migrating(self.connection, each, self.facts.role):
            self.outcome.notes += alone.upgrade(self.connection, each, waiting, role)
        return [Change("migration", str(revision), "apply") for revision in waiting]

    def _before_drop(self, each: Project) -> Callable[[str], None]:
        return self._need_drain if each.is_engine else lambda reason: None

    def _need_drain(self, reason: str) -> None:
        if self.drained or self.dry_run or not self.engine_is_here:
            return
        raise DrainNeeded(reason)

    def _jobs(self) -> dict[str, dict]:
        if not self.facts.pg_cron or not self._function_exists("sync_cron"):
            return {}
        self._act_as("rota_worker")
        found = cron.jobs(self.connection)
        self._act_as("rota_owner")
        return found

    def _upkeep(self) -> None:
        """Partitions and cron rows follow from what stands in the tables."""
        if self._function_exists("ensure_partitions"):
            self.connection.execute("select rota_core.ensure_partitions()")
            # It lowers lock_timeout for the rest of the transaction.
            self._prepare()
        if not self._function_exists("sync_cron"):
            return
        answer = cron.sync(self.connection, insist=self.force or self.dry_run)
        if answer == "no rights":
            self.outcome.notes.append(cron.NO_RIGHTS)
        elif answer not in ("synced", "absent"):
            self.outcome.notes.append(f"cron.job was not brought up to date: {answer}")

    def _function_exists(self, name: str) -> bool:
        return self.connection.execute(
            "select exists (select from pg_catalog.pg_proc as p"
            " where p.pronamespace = 'rota_core'::regnamespace and p.proname = %s"
            " and p.pronargs = p.pronargdefaults)",
            [name],
        ).fetchone()[0]

    def _note_leftovers(self, each: Project, lane: ObjectLane) -> None:
        self.outcome.notes += lane.notes
        unlisted = each.unlisted()
        if unlisted:
            self.outcome.notes.append(
                f"install.sql of {each.name} does not name: {', '.join(unlisted[:5])}"
                + (f" and {len(unlisted) - 5} more" if len(unlisted) > 5 else "")
            )

    def _record(self, each: Project, changes: list[Change], lane: ObjectLane) -> None:
        if each.is_engine:
            changes = [c for c in self.outcome.changes if c not in changes] + changes
        listed = [change.as_json() for change in changes]
        state = record.state(
            each,
            own.heads(self.connection, each.version_table),
            schema_grants.recorded(self.connection, own.schema_files(each)),
        )
        deploy_id = record.begin(self.connection, each.name, listed, self.facts, each.home, state)
        lane.keep(deploy_id)
        if each.is_engine and self.bootstrapped:
            foundation.keep(self.connection, deploy_id)
        self.outcome.deploy_ids.append(deploy_id)
