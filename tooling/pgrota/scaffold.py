"""Writing files of a project from templates: all of them or none, and never over another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pgrota import project
from pgrota.config import FILE, LONGEST_NAME, NAME, PYPROJECT, Config, around, check_project_name
from pgrota.errors import Problem

TEMPLATES = project.PACKAGE / "templates"
IGNORED = "# what `rota dev` keeps here, and addresses with passwords\n/.rota/\n.env\n"


def fill(template: str, **words: str) -> str:
    """A template with its words replaced: `template_name` and `template-name` by `name`."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for key, word in words.items():
        text = re.sub(rf"\btemplate[-_]{key}\b", lambda _, word=word: word, text)
    return text


def write(home: Path, files: Mapping[str, str]) -> list[str]:
    """Write the files, unless one of them is there. Returns their paths."""
    there = [path for path in files if (home / path).exists()]
    if there:
        raise Problem(
            f"{', '.join(there)} {'exist' if len(there) > 1 else 'exists'} already",
            f"nothing was written into {home}",
            "move it away first, or choose another name",
        )
    try:
        for path, text in files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Problem(f"{error.filename or home} cannot be written: {error.strerror}") from None
    return list(files)


def init(home: Path, name: str | None = None, migrations: bool = False) -> tuple[str, list[str]]:
    """Make a project that can be deployed, tested and linted. Returns its name and its files."""
    home = home.absolute()
    found = around(home)
    if found is not None and found.home == home:
        raise Problem(
            f"{home} is a project already: {found.name}",
            f"{found.source.name} says so",
            "rota new task NAME adds to it",
        )
    name = check_project_name(name or _name_of(home), "rota init --name another-name")
    schema = name.replace("-", "_")
    words = {"project-size": f"{name}-size", "project": name, "schema": schema}
    files = {
        FILE: fill("rota.toml", **words),
        ".sqlfluff": fill("sqlfluff.cfg"),
        ".github/workflows/rota.yml": fill("rota.yml"),
        "sql/schema.sql": fill("schema.sql", title=f"Automations of {name}.", **words),
        "sql/report_size.sql": fill("report_size.sql", **words),
        "pgtap/report_size.sql": fill("report_size_test.sql", **words),
    }
    if migrations:
        files |= environment("migrations", schema)
    if not (home / ".gitignore").exists():
        files[".gitignore"] = IGNORED
    return name, write(home, files)


def environment(folder: str, schema: str) -> dict[str, str]:
    """What alembic wants to find in a folder of migrations."""
    return {
        f"{folder}/env.py": fill("env.py"),
        f"{folder}/script.py.mako": fill("script.py.mako", schema=schema),
        f"{folder}/versions/.gitkeep": "",
    }


def enlist(here: Config, paths: list[str]) -> list[str]:
    """Name new files in the index, if the project has one. Returns the index, if it was changed."""
    index = here.sql / "install.sql"
    if not index.is_file() or not paths:
        return []
    text = index.read_text(encoding="utf-8")
    lines = [f"\\ir {path}\n" for path in paths]
    index.write_text(text + ("" if text.endswith("\n") else "\n") + "".join(lines), "utf-8")
    return [here.short(index)]


def _name_of(home: Path) -> str:
    name = re.sub(r"[^a-z0-9_]+", "-", home.name.lower()).strip("-_")
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Problem(
            f"the folder's name, {home.name or home}, is no name for a project",
            f"it stands in {FILE} or {PYPROJECT}: a letter first, then letters, digits, - and _",
            "rota init --name shop",
        )
    return name
