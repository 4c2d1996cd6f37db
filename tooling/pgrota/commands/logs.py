"""rota logs."""

from __future__ import annotations

import time

import click
import psycopg

from pgrota import log_lines, moments, output
from pgrota.database import Database, pass_database
from pgrota.errors import CannotConnect
from pgrota.rights import needs

INTERVAL = 0.5


@click.command(epilog="Example: rota logs -f --level warn")
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on with the lines that come.")
@click.option("--run", "run_id", type=int, metavar="RUN_ID", help="Of this run only.")
@click.option("--task", help="Of this task only.")
@click.option(
    "--level", type=click.Choice(log_lines.LEVELS), help="This level and more serious ones."
)
@click.option("--since", metavar="TIME", help="From then on: 10min, 1h, 2026-01-31 12:00.")
@click.option(
    "-n", "--lines", "count", type=click.IntRange(0), help="So many at most. Default: 100."
)
@pass_database
@needs("rota_reader")
def logs(
    database: Database,
    follows: bool,
    run_id: int | None,
    task: str | None,
    level: str | None,
    since: str | None,
    count: int | None,
) -> int | None:
    """Show the newest log lines of tasks and of rota itself, oldest first.

    With --json one object a line.
    """
    reader = log_lines.LogReader(
        database,
        run_id=run_id,
        task=task,
        levels=log_lines.from_level(level),
        since=moments.ago(database, since),
    )
    if count is None:
        count = 100 if since is None else 10000
    lines = reader.last(count)
    for line in lines:
        log_lines.echo(line, with_run=run_id is None)
    if not follows:
        if not lines and not output.wants_json():
            output.progress("no log lines")
        return None
    return _follow(database, reader, with_run=run_id is None)


def _follow(database: Database, reader: log_lines.LogReader, with_run: bool) -> int:
    away = False
    try:
        while True:
            time.sleep(INTERVAL)
            try:
                lines = reader.more()
            except (psycopg.OperationalError, CannotConnect) as error:
                if not away:
                    output.progress(f"the server is away ({str(error).strip().splitlines()[0]})")
                away = True
                database.close()
                continue
            if away:
                output.progress("the server is back")
                away = False
            for line in lines:
                log_lines.echo(line, with_run)
    except KeyboardInterrupt:
        return 130
