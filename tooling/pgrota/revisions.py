"""The migrations of a folder, in order, as their files describe them."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pgrota.errors import Problem


@dataclass(frozen=True)
class Revision:
    """A revision as its file describes it."""

    revision: str
    down: tuple[str, ...]
    title: str
    path: Path
    # Cannot be in a transaction, such as create index concurrently.
    alone: bool = False

    def __str__(self) -> str:
        return f"{self.revision} {self.title}"


class UnknownRevision(Problem):
    """The database is at a migration that the files do not have."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(
            f"the database is at migration {', '.join(names)}, which is not known here",
            "it was deployed by a newer rota",
            "pip install --upgrade pgrota",
        )


def read(folder: Path) -> list[Revision]:
    """All revisions, oldest first. Read without importing them, so that it costs nothing."""
    found: dict[str, Revision] = {}
    for path in sorted((folder / "versions").glob("*.py")):
        one = _read(path)
        if one.revision in found:
            raise Problem(
                f"there are two migrations {one.revision}",
                f"{found[one.revision].path.name} and {path.name}",
                "give one of them another revision",
            )
        found[one.revision] = one
    ordered: dict[str, Revision] = {}

    def place(revision: Revision, path: tuple[str, ...] = ()) -> None:
        if revision.revision in path:
            raise Problem(f"the migrations go in a circle: {' -> '.join(path)}")
        for down in revision.down:
            if down not in found:
                raise Problem(f"migration {revision} follows {down}, which does not exist")
            place(found[down], (*path, revision.revision))
        ordered.setdefault(revision.revision, revision)

    for revision in found.values():
        place(revision)
    newest(ordered.values())
    return list(ordered.values())


def newest(known: Collection[Revision]) -> str | None:
    """The one that the next will follow."""
    heads = {r.revision for r in known} - {down for r in known for down in r.down}
    if len(heads) > 1:
        raise Problem(
            f"there are {len(heads)} newest migrations: {', '.join(sorted(heads))}",
            "nothing says which of them is first",
            "let one of them follow the other: down_revision",
        )
    return next(iter(heads), None)


def pending(folder: Path, current: set[str]) -> list[Revision]:
    """The revisions that are not applied yet, given the heads that are."""
    known = read(folder)
    by_name = {r.revision: r for r in known}
    strange = current - set(by_name)
    if strange:
        raise UnknownRevision(sorted(strange))
    applied: set[str] = set()
    waiting = list(current)
    while waiting:
        name = waiting.pop()
        if name not in applied:
            applied.add(name)
            waiting.extend(by_name[name].down)
    return [r for r in known if r.revision not in applied]


def between(folder: Path, now: set[str], then: set[str]) -> list[Revision]:
    """The revisions that are applied and were not then, the newest first."""
    there = {r.revision for r in read(folder)}
    waiting = {r.revision for r in pending(folder, now & there)}
    return [r for r in reversed(pending(folder, then & there)) if r.revision not in waiting]


def _read(path: Path) -> Revision:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise Problem(f"{path.name} does not parse: {error.msg}, line {error.lineno}") from None
    values = {
        target.id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
        and target.id in ("revision", "down_revision", "transactional")
    }
    if not values.get("revision"):
        raise Problem(f"{path.name} names no revision")
    down = values.get("down_revision") or ()
    title = (ast.get_docstring(tree) or path.stem).splitlines()[0]
    down = (down,) if isinstance(down, str) else tuple(down)
    return Revision(values["revision"], down, title, path, values.get("transactional") is False)
