"""A `rota worker` that runs beside this process for a while."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 10.0


@contextmanager
def worker(url: str, log: Path) -> Iterator[None]:
    """Keep `rota worker` up for a database. What it says goes to `log`."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "pgrota.cli", "worker"],
            # Not as an argument: those can be read by everybody on the machine.
            env={**os.environ, "ROTA_DATABASE_URL": url},
            stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
