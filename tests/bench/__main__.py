"""./tooling/bench [NAME ...] [--quick] [--rounds N] [--no-peers] [--all] [--json FILE]"""

from __future__ import annotations

import dataclasses
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from bench.arena import SETTINGS, private_server
from bench.figures import Table
from bench.scale import FULL, QUICK
from pgrota.output import progress

NAMES = (
    *("throughput", "history", "snapshot", "latency", "idle", "memory", "schedules", "cron"),
    *("capture", "dispatch", "backlog", "pipelines", "deploys"),
)
WITH_PEERS = ("throughput", "capture", "dispatch", "pipelines")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAME]...")
@click.option("--quick", is_flag=True, help="Small sizes, one round: to see that it works.")
@click.option("--rounds", type=int, help="How many interleaved rounds.")
@click.option("--no-peers", is_flag=True, help="rota alone.")
@click.option("--all", "longest", is_flag=True, help="What takes long too: 10 million events.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the figures too.")
def main(
    names: tuple[str, ...], quick: bool, rounds: int | None, no_peers: bool, longest: bool,
    target: Path | None,
) -> None:  # fmt: skip
    """Measure how fast rota is.

    The parts: throughput history snapshot latency idle memory schedules cron, of runs and
    schedules; capture dispatch backlog, of events; pipelines; deploys.
    """
    scale = dataclasses.replace(QUICK if quick else FULL, longest=longest)
    if rounds:
        scale = dataclasses.replace(scale, rounds=rounds)
    tables: list[Table] = []
    with private_server() as server:
        about = _about(server.binaries.version)
        progress(", ".join(f"{name} {value}" for name, value in about.items()))
        for name in names or NAMES:
            options: dict[str, Any] = {"with_peers": False} if no_peers else {}
            found = import_module(f"bench.{name}").measure(
                server, scale, **(options if name in WITH_PEERS else {})
            )
            for table in found:
                table.show()
            tables += found
    if target:
        figures = {"machine": about, "tables": [table.as_json() for table in tables]}
        target.write_text(json.dumps(figures, indent=2) + "\n")


def _about(version: object) -> dict[str, object]:
    return {
        "PostgreSQL": str(version),
        "cores": os.cpu_count(),
        "load before": f"{os.getloadavg()[0]:.1f}",
        **SETTINGS,
    }


if __name__ == "__main__":
    main()
