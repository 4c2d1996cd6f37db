"""rota worker."""

from __future__ import annotations

import click

from pgrota.database import Database, pass_database
from pgrota.errors import Problem


@click.command(
    epilog="Example: rota worker --lane default --lane batch\n\n"
    "With external tasks: rota worker --handlers app.tasks --external-only"
)
@click.option(
    "--lane", "lanes", multiple=True, help="For this lane. May be repeated. Default: every lane."
)
@click.option(
    "--workers", type=click.IntRange(0, 64),
    help="So many for each lane, and so many external handlers. Default: as the lane says.",
)  # fmt: skip
@click.option("--no-supervisor", is_flag=True, help="Without the supervisor: others run one.")
@click.option(
    "--handlers", metavar="MODULE", multiple=True,
    help="Import MODULE and work for the external tasks that it has handlers for, too.",
)  # fmt: skip
@click.option(
    "--recipe", "recipes", metavar="NAME", multiple=True,
    help="Also with the handlers of this recipe.",
)  # fmt: skip
@click.option(
    "--external-only", is_flag=True,
    help="External tasks alone: pg_cron or others do the rest.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option(
    "--grace", type=click.FloatRange(0), default=30.0, show_default=True,
    help="Seconds that runs under way have to end after SIGTERM.",
)  # fmt: skip
@pass_database
def worker(
    database: Database,
    lanes: tuple[str, ...],
    workers: int | None,
    no_supervisor: bool,
    handlers: tuple[str, ...],
    recipes: tuple[str, ...],
    external_only: bool,
    once: bool,
    grace: float,
) -> None:
    """Work from this process: execute runs, fire schedules, recover what was lost.

    For databases without pg_cron, and for tasks whose handlers are written in Python. It needs a
    connection of its own for each worker, not through a pooler in transaction mode, and logs in as
    rota_worker or as a role that may act as it.

    SIGTERM and Ctrl-C end it when the runs under way have ended; a second one at once.
    """
    from pgrota.sessions import Sessions
    from pgrota.worker import Crew
    from pgrota.worker_log import WorkerLog

    if external_only and not (handlers or recipes):
        raise click.UsageError("--external-only needs --handlers MODULE or --recipe NAME")
    sessions = Sessions(database)
    log = WorkerLog()
    external = None
    if handlers or recipes:
        from pgrota.external_load import load
        from pgrota.external_worker import ExternalWorker

        external = ExternalWorker(sessions, log, load(handlers, recipes))
    sessions.examine()
    crew = Crew(
        sessions,
        log,
        lanes=lanes,
        workers=workers,
        supervisor=not (no_supervisor or external_only),
        sql=not external_only,
        grace=grace,
        external=external,
    )
    if workers == 0 and not external and no_supervisor:
        raise Problem("there is nothing to do with no workers and no supervisor")
    crew.run(once)
