"""The recipes that are shipped: what they do, and copies of them to edit."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pgrota import additions, nearness, project, revisions, scaffold
from pgrota.calls import Definition
from pgrota.config import Config
from pgrota.errors import Problem
from pgrota.project import Project

_DOCUMENT = re.compile(r"doc\s*=>\s*\$(?P<tag>\w*)\$(?P<json>.*?)\$(?P=tag)\$", re.S)


@dataclass(frozen=True)
class Recipe:
    """One of them, as its files describe it."""

    source: Project

    @property
    def name(self) -> str:
        return self.source.name

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """What its tasks say about themselves."""
        texts = (m["json"] for f in self.source.files for m in _DOCUMENT.finditer(f.text))
        return [json.loads(text) for text in texts]

    def said(self, key: str) -> list[str]:
        """What they say under one heading."""
        return [line for document in self.documents for line in document.get(key, [])]

    def settings(self) -> dict[str, str]:
        """What it is given: variables of the worker, and the input of its tasks."""
        found = {}
        for document in self.documents:
            found |= document.get("environment", {})
            found |= {f"input.{key}": words for key, words in document.get("input", {}).items()}
        return found

    @cached_property
    def definitions(self) -> list[Definition]:
        return [d for file in self.source.files for d in file.defines]

    @cached_property
    def files(self) -> list[str]:
        """What stands in its folder, handlers in Python included."""
        others = (p.name for p in sorted(self.source.folder.glob("*.py")))
        return [*(file.path for file in self.source.files), *others]

    @cached_property
    def revisions(self) -> list[revisions.Revision]:
        """The migrations it needs: up to the newest one that speaks of it."""
        known = revisions.read(self.source.migrations)
        word = re.compile(rf"\b{self.name}\b")
        newest = [n for n, r in enumerate(known, 1) if word.search(r.path.read_text("utf-8"))]
        return known[: max(newest, default=0)]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "goals": self.said("goals"),
            "scope": self.said("scope"),
            "excluded": self.said("excluded"),
            "definitions": [{"kind": d.kind, "name": d.name} for d in self.definitions],
            "files": self.files,
            "migrations": [r.title for r in self.revisions],
            "settings": self.settings(),
        }


def recipes() -> list[Recipe]:
    """All of them."""
    return [Recipe(project.recipe(name)) for name in project.recipes()]


def recipe(name: str) -> Recipe:
    """The one of this name."""
    if name not in project.recipes():
        raise Problem(
            f"there is no recipe {name}",
            nearness.listed(project.recipes(), name),
            "rota recipe list",
        )
    return Recipe(project.recipe(name))


def add(here: Config, one: Recipe, tables: bool = True) -> list[str]:
    """Copy it into the project, where it can be edited, with the migrations of its tables."""
    if one.name in here.recipes:
        raise Problem(
            f"recipe {one.name} is deployed with {here.name} as it is shipped",
            f"{here.source.name} names it under recipes",
            "take it out there, then add the copy",
        )
    folder = here.short(here.sql)
    copied = _files(one)
    files = {f"{folder}/{path}": text for path, text in copied.items()}
    migrations = _revisions(here, one) if tables else {}
    written = scaffold.write(here.home, {**files, **migrations})
    listed = [path for path in copied if path.endswith(".sql")]
    return written + scaffold.enlist(here, listed)


def _files(one: Recipe) -> dict[str, str]:
    """The files, each requiring the one before it, since the index stays behind."""
    found: dict[str, str] = {}
    before = None
    for file in one.source.files:
        path = f"{one.name}/{file.path}"
        found[path] = (f"-- requires: {before}\n\n" if before else "") + file.text
        before = path
    for handler in one.source.folder.glob("*.py"):
        found[f"{one.name}/{handler.name}"] = handler.read_text("utf-8")
    return found


def _revisions(here: Config, one: Recipe) -> dict[str, str]:
    """Its migrations, numbered after the project's, without what an earlier copy has brought."""
    folder = here.short(here.migrations)
    known = revisions.read(here.migrations)
    found: dict[str, str] = {}
    if not (here.migrations / "script.py.mako").exists():
        found |= scaffold.environment(folder, here.schema)
    numbers = [r.revision for r in known]
    head = revisions.newest(known)
    titles = {r.title for r in known}
    for revision in one.revisions:
        if revision.title in titles:
            continue
        number = additions.next_revision(numbers)
        text = _renumbered(revision.path, number, head)
        slug = revision.path.stem.split("_", 1)[1]
        found[f"{folder}/versions/{number}_{slug}.py"] = text
        numbers.append(number)
        head = number
    return found


def _renumbered(path: Path, number: str, down: str | None) -> str:
    text = path.read_text("utf-8")
    text = re.sub(r"^revision = .*$", f'revision = "{number}"', text, count=1, flags=re.M)
    follows = f'"{down}"' if down else "None"
    return re.sub(r"^down_revision = .*$", f"down_revision = {follows}", text, count=1, flags=re.M)
