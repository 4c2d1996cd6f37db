"""Migrations written down as plain SQL, without a database."""

from __future__ import annotations

import io
from pathlib import Path

from pgrota.errors import Problem
from pgrota.migration import SCHEMA, Revision, pending


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
    from alembic import command
    from alembic.config import Config

    text = io.StringIO()
    config = Config(output_buffer=text)
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes.update(version_table=version_table, offline=True)
    start = next(iter(since), "base")
    try:
        command.upgrade(config, f"{start}:heads", sql=True)
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
