"""rota adopt."""

from __future__ import annotations

from pathlib import Path

import click

from pgrota import output
from pgrota.database import Database, pass_database


@click.command(epilog="Example: rota adopt --into .")
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The project: files are written below its sql/adopted. Default: the one here.",
)
@click.option("--timezone", metavar="ZONE", help="Of pg_cron, where cron.timezone is hidden.")
@pass_database
def adopt(database: Database, into: Path | None, timezone: str | None) -> None:
    """Make files of the jobs that stand in cron.job, with the functions they call.

    Nothing changes in the database until `rota deploy`, which puts each schedule in the place
    of its job in one transaction. Files that are there are left as they are.
    """
    from pgrota import config
    from pgrota.adoption import Adoption

    here = config.current()
    into = into or (here.home if here else Path())
    found = Adoption(database, into / "sql", timezone)
    written = found.save()
    if output.wants_json():
        jobs = [adopted.as_json() for adopted in found.adopted]
        output.data({"jobs": jobs, "written": written, "notes": found.notes})
        return
    output.table(
        [
            {
                "job": adopted.job.jobname or adopted.job.jobid,
                "owner": adopted.job.username,
                "at": adopted.job.schedule,
                "becomes": f"{adopted.kind} {adopted.name}" if adopted.name else "left alone",
                "remark": "\n".join([adopted.reason, *adopted.remarks]).strip(),
            }
            for adopted in found.adopted
        ],
        whole=("job", "at", "becomes"),
        empty="nothing to adopt: no job of others stands in cron.job",
    )
    for path in written:
        click.echo(f"  + {found.folder.sql / path}")
    for note in found.notes:
        output.warn(note)
    if written:
        click.echo("look at them, then: rota plan, rota deploy")
