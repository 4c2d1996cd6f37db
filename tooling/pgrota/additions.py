"""What `rota new` adds to a project: a task, a schedule, a migration, a test, a recipe."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from pgrota import migration, nearness, own, project, revisions, scaffold
from pgrota.calls import Definition
from pgrota.config import Config, check_name, check_schema_name
from pgrota.declared import Declared
from pgrota.errors import Problem
from pgrota.project import SourceFile

# What rota.cron_next() makes of it is seen when it is deployed.
_CRON = re.compile(r"@every \s+ \S.* | @[a-z]+ | [\w*/,#?-]+ (\s+ [\w*/,#?-]+){4}", re.I | re.X)


def task(here: Config, name: str) -> list[str]:
    """A handler with its task, and its test."""
    files, listed = _task(here, name)
    return _add(here, files, listed)


def schedule(here: Config, name: str, task_name: str | None, cron: str) -> list[str]:
    """The times of a task of this project; without one, of a new task of that name."""
    check_name(name, "schedule")
    if not _CRON.fullmatch(cron.strip()):
        raise Problem(
            f"{cron!r} says no times",
            "five fields, minute hour day month weekday; or @daily and its like; or @every",
            "rota new schedule NAME --cron '0 3 * * *'",
        )
    _refuse_defined(here, Definition("schedule", name))
    files, listed = {}, []
    path = _file_of(here, Definition("task", task_name or name))
    if path is None and task_name:
        names = [d.name for file in _files(here) for d in file.defines if d.kind == "task"]
        raise Problem(
            f"no file of {here.name} defines the task {task_name}",
            nearness.listed(names, task_name),
            f"rota new task {task_name}",
        )
    if path is None:
        files, listed = _task(here, name)
        path = listed[-1]
    own_path = f"schedules/{_function(name)}.sql"
    words = {
        "task_file": path,
        "name": name,
        "task": task_name or name,
        "cron": cron.replace("'", "''"),
    }
    files[_sql(here, own_path)] = scaffold.fill("schedule.sql", **words)
    files[_pgtap(here, own_path)] = scaffold.fill("schedule_test.sql", **words)
    return _add(here, files, [*listed, own_path])


def test(here: Config, name: str) -> list[str]:
    """A test of a function that the project has."""
    wanted = name.split("(")[0].lower()
    functions = {d: file for file in _files(here) for d in file.declared if d.kind == "function"}
    found = [d for d in functions if wanted in (d.name, f"{d.schema}.{d.name}")]
    if not found:
        raise Problem(
            f"no file of {here.name} makes a function {name}",
            nearness.listed([f"{d.schema}.{d.name}" for d in functions], wanted),
            f"rota new task {name.replace('_', '-')}" if "." not in name else None,
        )
    if len(found) > 1:
        both = " and ".join(f"{d.schema}.{d.name}" for d in found)
        raise Problem(f"there are two functions {name}", both, "give the schema too")
    (declared,) = found
    folder = PurePosixPath(functions[declared].path).parent
    text = scaffold.fill("test.sql", schema=declared.schema, function=declared.name)
    return _add(here, {_pgtap(here, str(folder / f"{declared.name}.sql")): text}, [])


def recipe(here: Config, name: str) -> list[str]:
    """A folder of its own: a schema, a handler, definitions, a test."""
    if name in project.recipes():
        raise Problem(f"there is a recipe {name} already", hint=f"rota recipe add {name}")
    check_schema_name(name, "recipe")
    _refuse_defined(here, Definition("task", name))
    folder = _function(name)
    words = {"schema": folder, "function": "handle", "name": name}
    title = f"The recipe {name}."
    files = {
        "schema.sql": scaffold.fill("schema.sql", title=title, **words),
        "handle.sql": _handler(f"{folder}/schema.sql", words),
        "definitions.sql": scaffold.fill("recipe_definitions.sql", **words),
    }
    listed = [f"{folder}/{path}" for path in files]
    written = {_sql(here, f"{folder}/{path}"): text for path, text in files.items()}
    written[_pgtap(here, f"{folder}/handle.sql")] = scaffold.fill("task_test.sql", **words)
    return _add(here, written, listed)


def revision(here: Config, name: str) -> list[str]:
    """A migration after the newest one; the folder for them too, if it is the first."""
    check_name(name, "migration")
    folder = here.short(here.migrations)
    wanted = scaffold.environment(folder, here.schema)
    whole = (here.migrations / "script.py.mako").exists()
    made = [] if whole else scaffold.write(here.home, wanted)
    (here.migrations / "versions").mkdir(exist_ok=True)
    known = revisions.read(here.migrations)
    slug = _function(name)
    taken = [r.path.name for r in known if r.path.stem.removeprefix(f"{r.revision}_") == slug]
    if taken:
        raise Problem(f"{folder}/versions/{taken[0]} exists already", hint="choose another name")
    title = name.replace("-", " ").replace("_", " ").capitalize()
    script = migration.script(here.migrations).generate_revision(
        next_revision([r.revision for r in known]), title, head="heads"
    )
    path = here.migrations / "versions" / f"{script.revision}_{slug}.py"
    made_there = here.migrations / "versions" / PurePosixPath(script.path).name
    made_there.rename(path)
    return [*(p for p in made if not p.endswith(".gitkeep")), here.short(path)]


def next_revision(known: list[str]) -> str:
    """The number after the highest one; another kind of name where they are no numbers."""
    if all(re.fullmatch(r"\d{4}", name) for name in known):
        return f"{max(map(int, known), default=0) + 1:04}"
    from alembic.util import rev_id

    return rev_id()


def _task(here: Config, name: str) -> tuple[dict[str, str], list[str]]:
    check_name(name, "task")
    _refuse_defined(here, Definition("task", name))
    function = _function(name)
    _refuse_declared(here, Declared("function", here.schema, function))
    words = {"schema": here.schema, "function": function, "name": name}
    files, listed = {}, []
    place = _schema_file(here)
    if place is None:
        place = "schema.sql"
        title = f"Automations of {here.name}."
        files[_sql(here, place)] = scaffold.fill("schema.sql", title=title, **words)
        listed.append(place)
    text = _handler(place, words) + "\n" + scaffold.fill("task.sql", **words)
    files[_sql(here, f"{function}.sql")] = text
    files[_pgtap(here, f"{function}.sql")] = scaffold.fill("task_test.sql", **words)
    return files, [*listed, f"{function}.sql"]


def _handler(requires: str, words: dict[str, str]) -> str:
    """A function with nothing to do yet, after the file that makes its schema, if one does."""
    text = scaffold.fill("handler.sql", **words)
    return f"-- requires: {requires}\n\n{text}" if requires else text


def _schema_file(here: Config) -> str | None:
    """The file that makes the schema; empty when a migration does, None when nothing does."""
    for file in _files(here):
        if here.schema in own.schemas(file.text):
            return file.path
    for path in sorted((here.migrations / "versions").glob("*.py")):
        if re.search(rf"create schema [^;]*\b{here.schema}\b", path.read_text("utf-8"), re.I):
            return ""
    return None


def _files(here: Config) -> list[SourceFile]:
    return here.project().files


def _file_of(here: Config, definition: Definition) -> str | None:
    return next((f.path for f in _files(here) if definition in f.defines), None)


def _refuse_defined(here: Config, definition: Definition) -> None:
    path = _file_of(here, definition)
    if path:
        raise Problem(
            f"{definition} exists already", f"{_sql(here, path)} defines it", "choose another name"
        )


def _refuse_declared(here: Config, declared: Declared) -> None:
    path = next((f.path for f in _files(here) if declared in f.declared), None)
    if path:
        raise Problem(f"{declared} exists already", f"in {_sql(here, path)}", "choose another name")


def _add(here: Config, files: dict[str, str], listed: list[str]) -> list[str]:
    written = scaffold.write(here.home, files)
    return written + scaffold.enlist(here, listed)


def _function(name: str) -> str:
    return name.replace("-", "_")


def _sql(here: Config, path: str) -> str:
    return f"{here.short(here.sql)}/{path}"


def _pgtap(here: Config, path: str) -> str:
    return f"{here.short(here.pgtap)}/{path}"
