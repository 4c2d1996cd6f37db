"""What a deploy has to know of a user's project beyond its files and their order."""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from pgrota import calls, migration, project, revisions
from pgrota.catalog import Stored
from pgrota.change import Change
from pgrota.declared import Declared
from pgrota.errors import Problem, Refusal, is_transient
from pgrota.lexing import NAME, blanked, plain
from pgrota.project import Project

_SCHEMA = re.compile(
    rf"\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?(?!authorization\b|if\b)({NAME})", re.I
)


# two projects and one thing


def refuse_shared(projects: Sequence[Project]) -> None:
    """Two projects of one deploy cannot both define a thing: each would overwrite the other's."""
    if not any(each.home for each in projects):
        return
    seen: dict[Declared | calls.Definition, tuple[str, str]] = {}
    for each in projects:
        for file in each.files:
            for thing in (*file.declared, *([] if each.is_engine else file.defines)):
                name, path = seen.setdefault(thing, (each.name, file.path))
                if name != each.name and getattr(thing, "kind", "") != "watch":
                    raise Problem(
                        f"{thing} is defined by two projects",
                        f"in {path} of {name} and in {file.path} of {each.name}",
                        f"take it out of one of them, or deploy without {name}",
                    )


def refuse_taken(
    connection: psycopg.Connection, each: Project, there: Mapping[tuple[str, str], Stored]
) -> None:
    """Leave alone what another project has deployed. A recipe's copy may take it over."""
    if not each.home or not there:
        return
    shipped = project.recipes()
    taken = connection.execute(
        "select o.kind, o.identity, o.project, o.file from rota_core.deployed_object as o"
        " where o.project <> %s order by o.kind, o.identity",
        [each.name],
    ).fetchall()
    for kind, identity, name, path in taken:
        if (kind, identity) in there and name not in shipped:
            raise Problem(
                f"{kind} {identity} belongs to project {name}",
                f"it was deployed from {path} of {name}",
                f"take it out of {each.name}, or remove the other: rota remove {name}",
            )


# schemas, which belong to nobody's files when they were there before


def schemas(text: str) -> list[str]:
    """The schemas that a file creates."""
    return [plain(name) for name in _SCHEMA.findall(blanked(text))]


def schema_files(each: Project) -> dict[str, str]:
    """The file that makes each schema."""
    return {name: file.path for file in each.files for name in schemas(file.text)}


def absent_schemas(connection: psycopg.Connection, each: Project) -> dict[str, str]:
    """The schemas that the files will have made, and which file each."""
    if not each.home:
        return {}
    wanted = schema_files(each)
    there = _schemas_there(connection, wanted)
    return {name: path for name, path in wanted.items() if name not in there}


def made_schemas(connection: psycopg.Connection, absent: Mapping[str, str]) -> list[Change]:
    """Those of them that are there now."""
    there = _schemas_there(connection, absent)
    return [Change("schema", name, "create", absent[name]) for name in absent if name in there]


def _schemas_there(connection: psycopg.Connection, names: Collection[str]) -> set[str]:
    if not names:
        return set()
    query = "select n.nspname from pg_catalog.pg_namespace as n where n.nspname = any (%s)"
    return {row[0] for row in connection.execute(query, [list(names)])}


# migrations

_ALONE = "let it have this statement alone and say, beside its revision: transactional = False"


def heads(connection: psycopg.Connection, table: str) -> set[str]:
    """Where alembic stands. Executed as rota_owner."""
    name = sql.Identifier(migration.SCHEMA, table)
    there = connection.execute(
        "select to_regclass(%s) is not null", [name.as_string(connection)]
    ).fetchone()[0]
    if not there:
        return set()
    query = sql.SQL("select v.version_num from {} as v").format(name)
    return {row[0] for row in connection.execute(query)}


def pending(each: Project, applied: set[str]) -> list[revisions.Revision]:
    """The revisions that wait."""
    try:
        return revisions.pending(each.migrations, applied)
    except revisions.UnknownRevision as error:
        if each.home:
            error.detail = f"{each.migrations} does not have it"
            error.hint = "deploy from the newest commit of the project"
        raise


def make_version_table(connection: psycopg.Connection, each: Project) -> None:
    """Where alembic keeps a project's state. It is rota_owner's, as all of its schema.

    The deployer, a member of rota_owner, could make it too, but then it would be the deployer's:
    nobody else could deploy, and rota could not be removed.
    """
    name = sql.Identifier(migration.SCHEMA, each.version_table)
    connection.execute(
        sql.SQL("create table if not exists {} (version_num text primary key)").format(name)
    )
    words = sql.Literal(f"Where alembic stands with the tables of project {each.name}.")
    connection.execute(sql.SQL("comment on table {} is {}").format(name, words))


@contextmanager
def migrating(connection: psycopg.Connection, each: Project, role: str) -> Iterator[None]:
    """Migrations see the names they expect, and say what is wrong and where."""
    try:
        with migration.searching(connection, each.search_path):
            yield
    except Exception as error:
        cause = _database_error(error)
        place = _place(error, each)
        if cause is not None and is_transient(cause):
            cause.add_note(place)
            raise cause from error
        if cause is not None:
            hint = _ALONE if cause.sqlstate == "25001" else each.hint(cause, role)
            raise Refusal(cause, place, hint) from error
        if each.home and not isinstance(error, Problem):
            raise Problem(f"{place}: {type(error).__name__}: {error}") from error
        raise


def _place(error: BaseException, each: Project) -> str:
    """The line of the migration that went wrong."""
    folder = str(each.migrations)
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop()
        frames = [f for f in traceback.extract_tb(one.__traceback__) if folder in f.filename]
        if each.home and frames:
            path = frames[-1].filename.removeprefix(folder).lstrip("/")
            return f"{each.migrations.name}/{path}, line {frames[-1].lineno}"
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
    return each.migrations.name if each.home else "migrations"


def _database_error(error: BaseException) -> psycopg.Error | None:
    """The database's own error inside whatever SQLAlchemy wrapped around it."""
    original: BaseException | None = error
    while original is not None and not isinstance(original, psycopg.Error):
        original = getattr(original, "orig", None) or original.__cause__
    return original
