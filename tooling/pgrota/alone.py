"""Migrations that cannot be in a transaction, such as `create index concurrently`.

Such a revision says `transactional = False`. What comes before it is committed first, then it runs
by itself, then the deploy goes on: in a database that has none of them yet, one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import takewhile

import psycopg
from psycopg import sql

from pgrota import migration, own, revisions
from pgrota.blockers import Witness
from pgrota.change import Change
from pgrota.database import Database
from pgrota.drift import Drifted
from pgrota.errors import Problem, is_transient
from pgrota.migration import HeldConnection
from pgrota.outcome import Outcome
from pgrota.project import Project
from pgrota.recording import recorded
from pgrota.revisions import Revision
from pgrota.transaction import Patience, Transaction, locked_out, settle, waited

LOCK_TIMEOUT = "10s"


def first(
    database: Database,
    each: Project,
    rest: Callable[..., Outcome],
    force: bool,
    patience: Patience,
    say: Callable[[str], None],
) -> tuple[list[Change], list[Change]]:
    """Do what must be there before the deploy of a project with such migrations waiting.

    `rest` deploys without the project, or with it: that is tried first and rolled back, so that
    nothing is done where something is wrong. Returns what was done to the engine, and the
    migrations applied.
    """
    if not _waits(database, each):
        return [], []
    planned = rest(user=each, dry_run=True)
    if planned.drift and not force:
        raise Drifted(planned.drift)
    return rest().changes, _run(database, each, patience, say)


def upgrade(
    connection: HeldConnection, each: Project, waiting: list[Revision], role: str
) -> list[str]:
    """Apply all others that wait, inside of the deploy's transaction.

    Only a deploy that is rolled back finds such migrations here, and says so: one that is not has
    run them before.
    """
    notes = []
    for revision in waiting:
        if revision.alone:
            _upgrade(connection, each, revision.down)
            _skip(connection, each, revision, role)
            notes.append(f"migration {revision} runs by itself: it is not tried here")
    _upgrade(connection, each, ["heads"])
    return notes


def _upgrade(connection: HeldConnection, each: Project, to: Iterable[str]) -> None:
    with recorded(connection):
        for revision in to:
            migration.upgrade(connection, each.migrations, each.version_table, revision)


def _skip(connection: HeldConnection, each: Project, revision: Revision, role: str) -> None:
    table = sql.Identifier(migration.SCHEMA, each.version_table)
    connection.execute("set local role rota_owner")
    connection.execute(
        sql.SQL("delete from {} where version_num = any(%s)").format(table), [list(revision.down)]
    )
    connection.execute(sql.SQL("insert into {} values (%s)").format(table), [revision.revision])
    connection.execute(f"set local role {role}")


def _waits(database: Database, each: Project) -> bool:
    if not each.migrations.is_dir():
        return False
    known = {r.revision for r in revisions.read(each.migrations) if r.alone}
    if not known:
        return False
    try:
        with database.connect(autocommit=False) as connection:
            connection.execute("set local role rota_owner")
            heads = own.heads(connection, each.version_table)
    except psycopg.Error:
        # Nothing is there yet, or the deploy that is tried says what is wrong.
        return True
    return any(revision.alone for revision in own.pending(each, heads))


def _run(
    database: Database, each: Project, patience: Patience, say: Callable[[str], None]
) -> list[Change]:
    """Apply what waits up to the last such migration. The engine is there already."""
    done: list[Change] = []
    while True:
        with database.connect(autocommit=False, kind=HeldConnection) as connection:
            guard = _Guard(connection, patience, say)
            waiting = guard.begin(each)
            if not any(revision.alone for revision in waiting):
                return done
            before = list(takewhile(lambda revision: not revision.alone, waiting))
            if before:
                connection.execute("reset role")
                _apply(connection, each, before[-1])
                connection.commit()
                done += [Change("migration", str(revision), "apply") for revision in before]
                continue
            # The guard keeps other deploys out. It holds no snapshot, which the statement would
            # wait for.
            say(f"migration {waiting[0]} runs by itself, outside of a transaction")
            _by_itself(database, each, waiting[0])
            done.append(Change("migration", str(waiting[0]), "apply"))


class _Guard(Transaction):
    """The lock that deploys take, held for as long as the connection's transaction."""

    def begin(self, each: Project) -> list[Revision]:
        self._prepare()
        self._act_as("rota_owner")
        own.make_version_table(self.connection, each)
        self.connection.commit()
        self._prepare()
        self._take_lock()
        self._act_as("rota_owner")
        return own.pending(each, own.heads(self.connection, each.version_table))


def _apply(connection: HeldConnection, each: Project, revision: Revision) -> None:
    """It is not tried again, and who stood in its way is named at once."""
    witness = Witness()
    try:
        with (
            witness.watching(connection),
            own.migrating(connection, each, connection.info.user),
        ):
            migration.upgrade(connection, each.migrations, each.version_table, revision.revision)
    except psycopg.Error as error:
        if connection.closed or not is_transient(error):
            raise
        message = f"{waited(error, witness)}; it is not applied"
        raise locked_out(message, error, witness) from error


def _by_itself(database: Database, each: Project, revision: Revision) -> None:
    with database.connect(kind=HeldConnection) as connection:
        more = {"search_path": each.search_path, "lock_timeout": LOCK_TIMEOUT}
        settle(connection, more, local=False)
        try:
            _apply(connection, each, revision)
        except Problem as problem:
            problem.detail = "\n".join(
                filter(None, [problem.detail, "what it had done by then stands: see to it by hand,"
                " such as an index that is not valid (\\d TABLE in psql)"])
            )  # fmt: skip
            raise
