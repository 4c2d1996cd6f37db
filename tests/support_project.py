"""Projects as users have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import Clone
from pgrota import config
from pgrota.deploy import Outcome, deploy
from support_deploy import REVISION

TOTAL = """
create or replace function shop.total(input jsonb)
returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$ select jsonb_build_object('orders', count(*)) from shop.orders $$;
revoke all on function shop.total(jsonb) from public;
"""
ORDERS = "create schema shop; create table shop.orders (id int primary key);"


def make(place: Path, files: dict[str, str], name: str = "shop", more: str = "") -> config.Config:
    """A project with these files under sql/."""
    write(place, {"rota.toml": f'name = "{name}"\n{more}'})
    (place / "sql").mkdir(exist_ok=True)
    write(place / "sql", files)
    return config.at(place)


def write(place: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)


def add_migration(place: Path, number: int, sql: str, undo: str = "") -> Path:
    """A migration after the one before it."""
    text = REVISION.format(title=f"Step {number}", revision=f"{number:04}", down="DOWN", sql=sql)
    text = text.replace('"DOWN"', f'"{number - 1:04}"' if number > 1 else "None")
    text += f'\n\ndef downgrade() -> None:\n    run_sql("{undo}")\n'
    path = place / f"migrations/versions/{number:04}_step.py"
    write(place, {f"migrations/versions/{path.name}": text})
    return path


def put(database: Clone, here: config.Config, user: str = "postgres", **options: Any) -> Outcome:
    """Deploy it."""
    return deploy(database.url(user), here.recipes, user=here.project(), **options)


def recorded(database: Clone) -> dict[str, int]:
    """How many files each project has in the record."""
    return dict(
        database.run(
            "select f.project, count(*)::int from rota_core.deployed_file as f"
            " where f.project not in ('rota', 'foundation') group by 1"
        )
    )
