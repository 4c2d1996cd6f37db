"""Alembic, on a connection and in a transaction that are not its own."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from pgrota.errors import Problem
from pgrota.recording import RecordingCursor

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

SCHEMA = "rota_core"


def run_sql(text: str) -> None:
    """Send statements as they stand.

    What alembic and SQLAlchemy offer for this rewrites ` :name` and `%`.
    """
    from alembic import op

    context = op.get_context()
    if context.as_sql:
        # A comment may stand at the end.
        ends = text.rstrip().endswith(";")
        context.impl.static_output(text.strip() + ("" if ends else "\n;"))
    else:
        op.get_bind().connection.driver_connection.cursor().execute(text)


@contextmanager
def searching(connection: psycopg.Connection, path: str) -> Iterator[None]:
    """Let unqualified names be looked up there, and afterwards as before."""
    setting = "select set_config('search_path', %s, true)"
    before = connection.execute("select current_setting('search_path')").fetchone()[0]
    if before == path:
        yield
        return
    connection.execute(setting, [path])
    yield
    connection.execute(setting, [before])


@dataclass(frozen=True)
class Revision:
    """A revision as its file describes it."""

    revision: str
    down: tuple[str, ...]
    title: str
    path: Path
    # Cannot be in a transaction, such as create index concurrently.
    alone: bool = False

    def __str__(self) -> str:
        return f"{self.revision} {self.title}"


class HeldConnection(psycopg.Connection):
    """A connection whose transaction ends only where its owner says so.

    SQLAlchemy commits, rolls back and closes what it is given; here that does nothing.
    """

    held = False
    recording = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_factory = RecordingCursor
        self.statements: list[str] = []

    def commit(self) -> None:
        if not self.held:
            super().commit()

    def rollback(self) -> None:
        if not self.held:
            super().rollback()

    def close(self) -> None:
        if not self.held:
            super().close()


class UnknownRevision(Problem):
    """The database is at a migration that the files do not have."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the database is at migration {', '.join(names)}, which is not known here",
            "it was deployed by a newer rota",
            "pip install --upgrade pgrota",
        )


def revisions(folder: Path) -> list[Revision]:
    """All revisions, oldest first. Read without importing them, so that it costs nothing."""
    found: dict[str, Revision] = {}
    for path in sorted((folder / "versions").glob("*.py")):
        one = _read(path)
        if one.revision in found:
            raise Problem(
                f"there are two migrations {one.revision}",
                f"{found[one.revision].path.name} and {path.name}",
                "give one of them another revision",
            )
        found[one.revision] = one
    ordered: dict[str, Revision] = {}

    def place(revision: Revision, path: tuple[str, ...] = ()) -> None:
        if revision.revision in path:
            raise Problem(f"the migrations go in a circle: {' -> '.join(path)}")
        for down in revision.down:
            if down not in found:
                raise Problem(f"migration {revision} follows {down}, which does not exist")
            place(found[down], (*path, revision.revision))
        ordered.setdefault(revision.revision, revision)

    for revision in found.values():
        place(revision)
    newest(ordered.values())
    return list(ordered.values())


def newest(known: Collection[Revision]) -> str | None:
    """The one that the next will follow."""
    heads = {r.revision for r in known} - {down for r in known for down in r.down}
    if len(heads) > 1:
        raise Problem(
            f"there are {len(heads)} newest migrations: {', '.join(sorted(heads))}",
            "nothing says which of them is first",
            "let one of them follow the other: down_revision",
        )
    return next(iter(heads), None)


def pending(folder: Path, current: set[str]) -> list[Revision]:
    """The revisions that are not applied yet, given the heads that are."""
    known = revisions(folder)
    by_name = {r.revision: r for r in known}
    strange = current - set(by_name)
    if strange:
        raise UnknownRevision(sorted(strange))
    applied: set[str] = set()
    waiting = list(current)
    while waiting:
        name = waiting.pop()
        if name not in applied:
            applied.add(name)
            waiting.extend(by_name[name].down)
    return [r for r in known if r.revision not in applied]


def upgrade(
    connection: HeldConnection, folder: Path, version_table: str, to: str = "heads"
) -> None:
    """Bring the tables up to date inside the transaction of this connection, if it has one."""
    _run(connection, folder, version_table, "_upgrade_revs", to)


def downgrade(
    connection: HeldConnection, folder: Path, version_table: str, to: Collection[str] = ()
) -> None:
    """Undo migrations, the newest first, inside the transaction of this connection.

    All of them, or those that came after `to`.
    """
    if len(to) > 1:
        raise Problem(f"migrations cannot go back to several heads: {', '.join(sorted(to))}")
    _run(connection, folder, version_table, "_downgrade_revs", next(iter(to), "base"))


def between(folder: Path, now: set[str], then: set[str]) -> list[Revision]:
    """The revisions that are applied and were not then, the newest first."""
    there = {r.revision for r in revisions(folder)}
    waiting = {r.revision for r in pending(folder, now & there)}
    return [r for r in reversed(pending(folder, then & there)) if r.revision not in waiting]


def script(folder: Path) -> ScriptDirectory:
    """The folder as alembic sees it."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    found = ScriptDirectory.from_config(config)
    found.messaging_opts = {"quiet": True}
    return found


def _run(
    connection: HeldConnection, folder: Path, version_table: str, steps: str, target: str
) -> None:
    """What alembic's own command does, without the env.py of the folder."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    scripts = script(folder)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connection,
        poolclass=StaticPool,
        use_native_hstore=False,
    )
    connection.held = True
    try:
        with (
            engine.connect() as shared,
            EnvironmentContext(
                Config(),
                scripts,
                fn=lambda current, _: getattr(scripts, steps)(target, current),
                destination_rev=target,
            ) as environment,
        ):
            environment.configure(
                connection=shared,
                version_table=version_table,
                version_table_schema=SCHEMA,
                transactional_ddl=not connection.autocommit,
            )
            environment.run_migrations()
        engine.dispose()
    finally:
        connection.held = False


def run_environment() -> None:
    """What an env.py does: the two lines of it stand in migrations/."""
    raise Problem("these migrations are applied by rota itself", hint="rota deploy")


def _read(path: Path) -> Revision:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise Problem(f"{path.name} does not parse: {error.msg}, line {error.lineno}") from None
    values = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
        and target.id in ("revision", "down_revision", "transactional")
    }
    if not values.get("revision"):
        raise Problem(f"{path.name} names no revision")
    down = values.get("down_revision") or ()
    title = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    down = (down,) if isinstance(down, str) else tuple(down)
    return Revision(values["revision"], down, title, path, values.get("transactional") is False)
