"""Alembic, on a connection and in a transaction that are not its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
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
