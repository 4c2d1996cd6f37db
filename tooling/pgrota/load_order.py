"""The files of a user's project in the order that their `-- requires:` lines ask for."""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping
from pathlib import Path

from pgrota import nearness
from pgrota.errors import Problem
from pgrota.lexing import blanked

REQUIRES = re.compile(r"^--[ \t]*requires:[ \t]*(.*?)[ \t]*$", re.M)
_ENDS_THE_TRANSACTION = re.compile(
    r"(?:\A|;)\s*(?P<word>begin\b(?!\s+atomic)|start\s+transaction|commit|rollback|abort)\b", re.I
)


def read(folder: Path) -> dict[str, str]:
    """Each file below the folder by its path, hidden ones left out."""
    texts = {}
    for path in sorted(folder.rglob("*.sql")):
        name = path.relative_to(folder)
        if not path.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        try:
            texts[name.as_posix()] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{folder.name}/{name.as_posix()} cannot be read: {error}") from None
    return texts


def ordered(texts: Mapping[str, str], folder: str = "sql") -> list[str]:
    """The paths, each after those that it requires; where that leaves a choice, by name."""
    needs = {path: _required(path, text, texts, folder) for path, text in texts.items()}
    wanted_by: dict[str, list[str]] = {path: [] for path in texts}
    for path, required in needs.items():
        for other in required:
            wanted_by[other].append(path)
    missing = {path: len(required) for path, required in needs.items()}
    ready = sorted(path for path, count in missing.items() if count == 0)
    placed = []
    while ready:
        path = heapq.heappop(ready)
        placed.append(path)
        for other in wanted_by[path]:
            missing[other] -= 1
            if missing[other] == 0:
                heapq.heappush(ready, other)
    if len(placed) < len(texts):
        raise Problem(
            "files require each other in a circle",
            " -> ".join(_circle(needs, set(texts) - set(placed))),
            "take one of these -- requires: lines out",
        )
    return placed


def refuse_transactions(path: str, text: str) -> None:
    """A file that commits would end the deploy in the middle."""
    code = blanked(text)
    found = _ENDS_THE_TRANSACTION.search(code)
    if found:
        line = code.count("\n", 0, found.start("word")) + 1
        raise Problem(
            f"{path}, line {line}: {found['word'].lower()} has no place in a deployed file",
            "a deploy is one transaction, which this would begin or end in the middle",
            "take it out",
        )


def _required(path: str, text: str, texts: Mapping[str, str], folder: str) -> set[str]:
    found = set()
    for match in REQUIRES.finditer(text):
        for name in filter(None, re.split(r"[,\s]+", match[1])):
            if name not in texts:
                line = text.count("\n", 0, match.start()) + 1
                raise Problem(
                    f"{folder}/{path}, line {line} requires {name}, which does not exist",
                    f"paths are relative to {folder}/",
                    nearness.asked(texts, name),
                )
            found.add(name)
    return found


def _circle(needs: Mapping[str, set[str]], among: set[str]) -> list[str]:
    """One circle among files that all wait for another one of them."""
    path = [min(among)]
    while True:
        following = min(needs[path[-1]] & among)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
