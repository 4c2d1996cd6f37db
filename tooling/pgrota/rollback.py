"""Going back: the sources, definitions and cron jobs of an earlier deploy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from psycopg.types.json import Jsonb

from pgrota import migration, own, project, revisions
from pgrota.change import Change
from pgrota.database import Database
from pgrota.deploy_once import DeployOnce, carry_out
from pgrota.errors import Problem
from pgrota.outcome import Outcome
from pgrota.project import Project, SourceFile
from pgrota.transaction import Patience

STATE = "select d.state from rota_core.deploy as d where d.deploy_id = %s"
SOURCES = """
select f.file, s.source
from rows from (jsonb_to_recordset(%s) as (file text, source_hash text))
  with ordinality as f (file, source_hash, place)
left join rota_core.deployed_source as s on s.source_hash = f.source_hash
order by f.place
"""


@dataclass(frozen=True)
class Earlier(Project):
    """A project as an earlier deploy had it."""

    sources: tuple[SourceFile, ...] = ()

    @cached_property
    def files(self) -> list[SourceFile]:
        return list(self.sources)

    def unlisted(self) -> list[str]:
        return []


def rollback(
    database: Database,
    target: dict[str, Any],
    here: Project | None,
    *,
    migrations: bool = False,
    force: bool = False,
    dry_run: bool = False,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Outcome:
    """Make what a deploy, as the record has it, had made hold again.

    Everything happens or nothing does, in a deploy of its own. What came later goes, as far as
    nothing needs it. Migrations stay unless `migrations` says to go back over them.
    """
    patience = patience or Patience()
    with database.connect(autocommit=False, kind=migration.HeldConnection) as connection:
        once = _Rollback(connection, [_shell(target, here)], patience, say, dry_run)
        once.target, once.over_migrations = target, migrations
        once.allow_drop, once.gives_back, once.force = True, True, force
        return carry_out(once)


def _shell(target: dict[str, Any], here: Project | None) -> Earlier:
    """The project without its files: they are read in the transaction."""
    name = target["project"]
    if name == project.ENGINE:
        known = project.engine()
    elif here is not None and here.name == name:
        known = here
    elif name in project.recipes():
        known = project.recipe(name)
    else:
        raise Problem(
            f"project {name} is not here",
            "where its migrations are, only its own folder knows",
            "run it in the folder with its rota.toml, or with --project DIR",
        )
    return Earlier(known.name, known.folder, known.migrations, known.version_table, known.home)


class _Rollback(DeployOnce):
    """One try of the whole."""

    target: dict[str, Any]
    state: dict[str, Any]
    over_migrations = False

    def work(self) -> Outcome:
        self.projects = [replace(self.projects[0], sources=self._sources())]
        return super().work()

    def _sources(self) -> tuple[SourceFile, ...]:
        self._act_as("rota_owner")
        self.state = self.connection.execute(STATE, [self.target["deploy_id"]]).fetchone()[0]
        if not self.state.get("files"):
            raise Problem(
                f"deploy {self.target['deploy_id']} cannot be restored",
                "the version of rota that made it did not keep what that needs",
                f"rota log --of {self.target['project']}",
            )
        rows = self.connection.execute(SOURCES, [Jsonb(self.state["files"])]).fetchall()
        self._act_as("none")
        missing = [file for file, source in rows if source is None]
        if missing:
            raise Problem(
                f"deploy {self.target['deploy_id']} cannot be restored",
                f"the record has no source of {', '.join(missing)}",
                f"rota log --of {self.target['project']}",
            )
        return tuple(SourceFile(file, source) for file, source in rows)

    def _migrate(self, each: Project, role: str) -> list[Change]:
        self._act_as("rota_owner")
        now = own.heads(self.connection, each.version_table)
        wanted = set(self.state.get("migrations", []))
        if now == wanted:
            return []
        if not self.over_migrations:
            self.outcome.notes.append(
                f"the tables of {each.name} stay as they are, at migration"
                f" {', '.join(sorted(now)) or 'none'}: deploy {self.target['deploy_id']} was made"
                f" at {', '.join(sorted(wanted)) or 'none'} (rota rollback --migrations)"
            )
            return []
        if each.is_engine:
            raise Problem(
                "migrations of the engine cannot be undone",
                "history would be lost with its tables",
                "leave --migrations out, or deploy the version of rota that you want",
            )
        self._act_as(role)
        gone = revisions.between(each.migrations, now, wanted)
        try:
            with own.migrating(self.connection, each, self.facts.role):
                migration.downgrade(self.connection, each.migrations, each.version_table, wanted)
        except Problem as problem:
            if "NotImplementedError" not in str(problem):
                raise
            raise Problem(
                f"a migration of {each.name} cannot be undone",
                str(problem.message if hasattr(problem, "message") else problem),
                "leave --migrations out: the tables stay, the rest goes back",
            ) from problem
        return [Change("migration", str(revision), "drop") for revision in gone]

    def _record(self, each: Project, changes: list[Change], lane: Any) -> None:
        to = Change("rollback", f"deploy {self.target['deploy_id']}", "apply")
        super()._record(each, [to, *changes], lane)
        self._act_as("rota_owner")
        # What it is now stands in another commit than the one that is checked out.
        self.connection.execute(
            "update rota_core.deploy as d set git_commit = %s where d.deploy_id = %s",
            [self.target["git_commit"], self.outcome.deploy_ids[-1]],
        )
