"""Deploying from an installed wheel, in a fresh environment, outside of any checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from harness import ROOT, Clone

pytest.importorskip("hatchling", reason="it builds the wheel")


def execute(*command: object, cwd: Path) -> str:
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `rota` of a fresh environment that has the wheel, and our dependencies."""
    place = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    execute(*pip, "wheel", ROOT, "--no-deps", "--no-build-isolation", "-w", place, cwd=place)
    venv.create(place / "env", with_pip=False)
    python = place / "env/bin/python"
    wheel = next(place.glob("pgrota-*.whl"))
    execute(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=place)
    # A .pth file is not read in there, so the editable install of this checkout is not seen.
    library = next((place / "env/lib").glob("python*")) / "site-packages"
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    found = execute(python, "-c", "import pgrota; print(pgrota.__file__)", cwd=place)
    assert found.startswith(str(library))
    return place / "env/bin/rota"


def test_it_deploys_plans_and_removes(installed: Path, empty_database: Clone) -> None:
    place = installed.parents[2]
    rota = (installed, "--database-url", empty_database.url(), "--json")
    first = json.loads(execute(*rota, "deploy", cwd=place))
    assert first["changed"]
    assert any(change["kind"] == "migration" for change in first["changes"])
    assert not json.loads(execute(*rota, "deploy", cwd=place))["changed"]
    assert not json.loads(execute(*rota, "plan", "--exit-code", cwd=place))["changed"]
    assert empty_database.value("select git_commit from rota_core.deploy") is None
    assert empty_database.value("select count(*) from rota.health") > 5
    removed = json.loads(execute(*rota, "remove", "--yes", cwd=place))
    assert "schema rota" in removed["removed"]
