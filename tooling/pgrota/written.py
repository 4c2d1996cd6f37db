"""Migrations written down as plain SQL, without a database."""

from __future__ import annotations

import io
from pathlib import Path

from pgrota.errors import Problem
from pgrota.migration import SCHEMA, script
from pgrota.revisions import Revision, pending


def heads(folder: Path, since: set[str]) -> set[str]:
    """Where the migrations of a folder end, given where they stand."""
    waiting = pending(folder, since)
    below = {down for revision in waiting for down in revision.down}
    return (since | {r.revision for r in waiting}) - below


def migrations(folder: Path, version_table: str, since: set[str]) -> tuple[list[Revision], str]:
    """The revisions after those in `since`, and what they and alembic would execute."""
    waiting = pending(folder, since)
    if not waiting:
        return [], ""
    if len(since) > 1:
        raise Problem(
            f"the migrations in {folder} have {len(since)} heads: {', '.join(sorted(since))}",
            hint="merge them first: alembic merge heads",
        )
    if by_itself := next((revision for revision in waiting if revision.alone), None):
        raise Problem(
            f"migration {by_itself} runs by itself, and a file of rota's runs in one transaction",
            detail=f"{by_itself.path} says transactional = False",
            hint="write it so that it can be in a transaction, or use rota deploy",
        )
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext

    text = io.StringIO()
    scripts = script(folder)
    start = next(iter(since), "base")
    try:
        with EnvironmentContext(
            Config(output_buffer=text),
            scripts,
            fn=lambda current, _: scripts._upgrade_revs("heads", current),
            as_sql=True,
            starting_rev=start,
            destination_rev="heads",
        ) as environment:
            environment.configure(
                dialect_name="postgresql",
                # Written down as it stands, without the doubling of %.
                dialect_opts={"paramstyle": "named"},
                literal_binds=True,
                output_buffer=text,
                version_table=version_table,
                version_table_schema=SCHEMA,
                transactional_ddl=False,
            )
            environment.run_migrations()
    except Problem:
        raise
    except Exception as error:
        raise Problem(
            f"the migrations in {folder} cannot be written down: {error}",
            "a migration that reads from the database is known only there",
            "write it in SQL: run_sql('update ...'), or deploy with rota deploy",
        ) from error
    table = f"CREATE TABLE {SCHEMA}.{version_table} ("
    return waiting, text.getvalue().replace(
        table, table.replace("TABLE", "TABLE IF NOT EXISTS"), 1
    ).strip()
