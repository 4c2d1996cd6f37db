"""The deploy of the engine, recipes and a user's project."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from pgrota import (
    alone,
    migration,
    own,
    project,
)
from pgrota.database import Database
from pgrota.deploy_once import DeployOnce, carry_out
from pgrota.outcome import Outcome
from pgrota.project import Project
from pgrota.transaction import Patience


def deploy(
    database: Database | str,
    recipes: Sequence[str] = (),
    *,
    user: Project | None = None,
    dry_run: bool = False,
    allow_drop: bool = False,
    force: bool = False,
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda message: None,
) -> Outcome:
    """Bring the engine, the recipes named and the user's project to what the files say.

    Everything happens or nothing does. With `dry_run` everything is tried and rolled back. What no
    file makes any longer goes only where `allow_drop` says so; what others changed is put right
    only by `force`, and refused else.
    """
    if isinstance(database, str):
        database = Database(database)
    patience = patience or (Patience.of_a_plan() if dry_run else Patience())
    projects = [project.engine(), *map(project.recipe, recipes), *([user] if user else [])]
    own.refuse_shared(projects)
    began = time.monotonic()
    first, done = [], []
    if user and not dry_run:
        rest = partial(deploy, database, recipes, allow_drop=allow_drop, force=force,
                       patience=patience, say=say)  # fmt: skip
        first, done = alone.first(database, user, rest, force, patience, say)
    with database.connect(autocommit=False, kind=migration.HeldConnection) as connection:
        once = DeployOnce(connection, projects, patience, say, dry_run)
        once.allow_drop, once.force, once.done, once.began = allow_drop, force, done, began
        outcome = carry_out(once)
    outcome.changes = first + outcome.changes
    return outcome
