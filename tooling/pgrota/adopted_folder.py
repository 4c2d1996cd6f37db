"""The files of a project that take the place of jobs in cron.job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pgrota.adopted_files import MARK
from pgrota.declared import Declared, declarations
from pgrota.errors import Problem

FOLDER = Path("adopted")


class AdoptedFolder:
    """What stands in a project's folder of SQL, and what is added to it."""

    def __init__(self, sql: Path) -> None:
        self.sql = sql

    def jobs(self) -> dict[tuple, str]:
        """The jobs that files stand for already, and their names."""
        found = {}
        for path in sorted((self.sql / FOLDER).glob("*.sql")):
            match = MARK.search(path.read_text(encoding="utf-8"))
            if match:
                found[tuple(json.loads(match["key"]))] = match["name"]
        return found

    def declared(self) -> dict[Declared, str]:
        """What other files of the project define, which is not to be defined twice."""
        own = self.sql / FOLDER / "functions"
        return {
            declared: path.relative_to(self.sql).as_posix()
            for path in sorted(self.sql.rglob("*.sql"))
            if own not in path.parents
            for declared in declarations(path.read_text(encoding="utf-8"))
        }

    def save(self, texts: Mapping[str, str]) -> tuple[list[str], list[str]]:
        """Write what is not there yet. A file that is there is its owner's to change.

        Returns the paths of what was written, and what there is to say of the others.
        """
        written, notes = [], []
        for path, text in texts.items():
            place = self.sql / path
            if place.exists():
                if place.read_text(encoding="utf-8") != text:
                    notes.append(
                        f"{place} is there already and differs: left as it is;"
                        " remove it to have it written anew"
                    )
                continue
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8", newline="\n")
            except OSError as error:
                raise Problem(f"cannot write {error.filename}: {error.strerror}") from None
            written.append(path)
        return written, notes
