"""rota export."""

from __future__ import annotations

from pathlib import Path

import click

from pgrota import errors, output


@click.group(epilog="Example: rota export supabase .")
def export() -> None:
    """Write the deploy down for those who deploy with something else."""


@export.command(epilog="Example: rota export supabase . --recipe night_batch")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--recipe", "recipes", multiple=True, metavar="NAME", help="Also this recipe.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; end with code 3 when there is something to write.",
)
def supabase(directory: Path, recipes: tuple[str, ...], check: bool) -> int:
    """Write the deploy as files in DIR/supabase/migrations, for `supabase db push`.

    The engine, the recipes and the project here, if any. No database is needed. Files that
    are there are never changed: what differs from them is added as a further file, and recipes
    exported once are kept up to date.
    """
    from pgrota import config
    from pgrota.exported import FOLDER, Export

    recipes, user = config.targets(recipes)
    found = Export(directory / FOLDER)
    found.read()
    found.render(found.projects(recipes, user))
    if not check:
        found.save()
    if output.wants_json():
        output.data(
            {
                "changed": bool(found.written),
                "written": [
                    {"file": str(w.path)} | (w.step.as_json() if w.step else {})
                    for w in found.written
                ],
            }
        )
    elif found.written:
        for each in found.written:
            click.echo(f"  + {each.path}  {each.what}")
        click.echo("to be applied with: supabase db push" if not check else "to be written")
    else:
        click.echo(f"nothing to do: {found.files} files in {found.folder} carry it all")
    return errors.PENDING if check and found.written else errors.OK
