"""rota log."""

from __future__ import annotations

import click

from pgrota import deploys, output
from pgrota.database import Database, pass_database
from pgrota.rights import needs


@click.command(epilog="Example: rota log --of rota --limit 5")
@click.argument("deploy_id", type=int, required=False)
@click.option("--of", "project", metavar="PROJECT", help="Of this project only.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@pass_database
@needs("rota_reader")
def log(database: Database, deploy_id: int | None, project: str | None, limit: int) -> None:
    """The newest deploys: when, by whom, from which commit, what changed. DEPLOY_ID: all of one."""
    if deploy_id is not None:
        _one(deploys.find(database, deploy_id))
        return
    rows = deploys.listed(database, project, limit)
    if output.wants_json():
        output.data(rows)
        return
    output.table(
        [
            {
                "deploy": row["deploy_id"],
                "project": row["project"],
                "at": f"{row['deployed_at']:%Y-%m-%d %H:%M}",
                "by": row["deployed_by"],
                "commit": (row["git_commit"] or "")[:9],
                "tool": row["tool_version"],
                "changes": deploys.summary(row["changes"]),
            }
            for row in rows
        ],
        empty="nothing was deployed here",
        whole=("project", "at"),
        expendable=("tool",),
    )


def _one(row: dict) -> None:
    if output.wants_json():
        output.data(row)
        return
    click.echo(
        click.style(f"deploy {row['deploy_id']}", bold=True)
        + f"  {row['project']}, {output.text(row['deployed_at'])} by {row['deployed_by']}"
    )
    if row["git_commit"]:
        click.echo(f"commit {row['git_commit']}")
    for change in row["changes"]:
        place = f"  ({change['file']})" if change.get("file") else ""
        click.echo(f"  {change['action']:<8} {change['kind']:<9} {change['name']}{place}")
        for name, value in change.get("fields", {}).items():
            click.echo(f"           {name}: {value.get('from')} -> {value.get('to')}")
        for line in change.get("diff", "").splitlines():
            click.echo(f"           {line}")
