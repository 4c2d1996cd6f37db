"""Importing the modules that a worker's handlers stand in."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path

from pgrota import external, project
from pgrota.errors import Problem


def load(modules: Iterable[str], recipes: Iterable[str] = ()) -> dict[str, external.Handler]:
    """Import modules and the Python files of recipes; the handlers that they registered."""
    for name in recipes:
        _load_recipe(name)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise Problem(f"module {name} cannot be imported", **_import_error(error)) from error
    if not external.handlers:
        raise Problem(
            f"there is no handler in {', '.join(modules)}",
            hint='mark functions with @external.handler("<task>"), from pgrota import external',
        )
    return dict(external.handlers)


def _load_recipe(name: str) -> None:
    files = sorted(project.recipe(name).folder.glob("*.py"))
    if not files:
        raise Problem(
            f"recipe {name} has no handlers in Python",
            hint="its tasks need no --recipe: rota worker",
        )
    for file in files:
        spec = importlib.util.spec_from_file_location(f"recipe_{name}_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)


def _import_error(error: Exception) -> dict[str, str]:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and frame.filename != __file__
    ]
    where = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    found = {"detail": f"{where}{type(error).__name__}: {error}"}
    if isinstance(error, ModuleNotFoundError) and not frames:
        found["hint"] = "MODULE is what you would import here, such as app.tasks"
    return found
