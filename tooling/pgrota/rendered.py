"""A project's deploy as the text of a migration file."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from pgrota import (
    __version__,
    applier,
    applier_objects,
    applier_record,
    cron,
    drain,
    project,
    record,
)
from pgrota.catalog import SCHEME
from pgrota.lexing import dollar_quote
from pgrota.migration import SCHEMA
from pgrota.preflight import OLDEST
from pgrota.project import Project, SourceFile
from pgrota.record import git_commit
from pgrota.revisions import Revision
from pgrota.transaction import LOCK, SESSION
from pgrota.written import heads, migrations


@dataclass
class Carried:
    """What the migration files that are there already carry of one project."""

    hashes: dict[str, str] = field(default_factory=dict)
    bootstrap: str | None = None

    @property
    def digest(self) -> str:
        """The same as the statement computes over the record."""
        lines = (f"{path} {self.hashes[path]}" for path in sorted(self.hashes))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass
class Step:
    """What a project has that is not carried yet."""

    project: Project
    carried: Carried
    revisions: list[Revision]
    sql: str
    since: set[str]
    files: list[SourceFile]
    gone: list[str]
    bootstrap: SourceFile | None

    @property
    def is_needed(self) -> bool:
        return bool(self.revisions or self.files or self.gone or self.bootstrap)

    @property
    def is_first(self) -> bool:
        return not self.carried.hashes

    @property
    def heads(self) -> set[str]:
        return heads(self.project.migrations, self.since) if self.revisions else self.since

    def as_json(self) -> dict[str, Any]:
        return {
            "project": self.project.name,
            "migrations": [str(revision) for revision in self.revisions],
            "files": [file.path for file in self.files],
            "gone": self.gone,
        }

    def __str__(self) -> str:
        parts = [
            _count(len(self.revisions), "migration"),
            _count(len(self.files), "file"),
            f"without {', '.join(self.gone)}" if self.gone else "",
            "roles and schemas" if self.bootstrap else "",
        ]
        return ", ".join(part for part in parts if part)


def compare(each: Project, carried: Carried, since: set[str]) -> Step:
    """What of a project is not carried, when its migrations are carried up to `since`."""
    revisions, sql = [], ""
    if each.migrations.is_dir():
        revisions, sql = migrations(each.migrations, each.version_table, since)
    bootstrap = project.bootstrap() if each.is_engine else None
    if bootstrap and bootstrap.source_hash == carried.bootstrap:
        bootstrap = None
    return Step(
        each,
        carried,
        revisions,
        sql,
        since,
        [file for file in each.files if carried.hashes.get(file.path) != file.source_hash],
        sorted(set(carried.hashes) - {file.path for file in each.files}),
        bootstrap,
    )


def statement(step: Step, name: str) -> str:
    """The one statement that does all of it."""
    each = step.project
    role = "'rota_owner'" if each.is_engine else "current_setting('role')"
    settings = ", ".join(f"({_literal(k)}, {_literal(v)})" for k, v in SESSION.items())
    parts = [
        applier.BEGIN.format(
            tag="{tag}",
            project=_literal(each.name),
            role=role,
            stored=_quoted(applier.stored()),
            foreign=_quoted(applier.foreign()),
            foundation=_quoted(applier.foundation() if each.is_engine else ""),
            settings=settings,
            oldest=OLDEST,
            lock=f"{LOCK[0]}, {LOCK[1]}",
            before=_literal(step.carried.digest),
            nothing=_literal(Carried().digest),
            version=name.split("_")[0],
        )
    ]
    drains = needs_drain(step)
    if drains:
        parts.append(applier.DRAINED.format(live=drain.LIVE.partition("order by")[0]))
    if step.bootstrap:
        parts.append(applier.FOUNDATION.format(bootstrap=_quoted(step.bootstrap.text)))
    if step.revisions:
        parts.append(_migrations(step))
    gone = _array(step.gone)
    parts.append(_objects(step, gone))
    if each.is_engine:
        parts.append(applier_record.CRON.format(settings=_array(list(cron.SETTINGS))))
    parts.append(
        applier_record.RECORD.format(
            jobs=_quoted(applier_record.JOBS),
            tool=_literal(__version__),
            commit=_literal(git_commit()),
            name=_literal(f"supabase/migrations/{name}"),
            gone=gone,
            scheme=SCHEME,
            state=_quoted(json.dumps(record.state(each, step.heads))) + "::jsonb",
        )
    )
    if step.bootstrap:
        parts.append(applier_record.FOUNDATION.format(bootstrap=_quoted(step.bootstrap.text)))
    parts.append(applier_record.ADOPTIONS)
    if drains:
        parts.append(applier_record.UNDRAIN)
    return _tagged("".join(parts) + applier_record.END)


def needs_drain(step: Step) -> bool:
    """Whether workers that are at work would not survive it."""
    return (
        step.project.is_engine
        and not step.is_first
        and bool(step.revisions or step.gone or step.files)
    )


def drain_statement() -> str:
    """The flag that workers obey. To be committed before the statement that waits for them."""
    return _tagged(applier_record.DRAIN.format(tag="{tag}", seconds=60 + drain.GRACE))


def ring_statement() -> str:
    """Tell pg_cron of its new jobs, once it has swallowed the first deploy."""
    return _tagged(applier_record.RING)


def _migrations(step: Step) -> str:
    table = f"{SCHEMA}.{step.project.version_table}"
    since = next(iter(step.since), None)
    changes = [
        {"kind": "migration", "name": str(revision), "action": "apply"}
        for revision in step.revisions
    ]
    return applier.MIGRATIONS.format(
        table=_literal(table),
        standing=_quoted(f"select string_agg(v.version_num, ', ') from {table} as v"),
        since=_literal(since),
        since_shown=_literal(since or "none"),
        sql=_quoted("\n" + step.sql + "\n"),
        changes=_quoted(json.dumps(changes)),
    )


def _objects(step: Step, gone: str) -> str:
    # The first row is for a project without files: VALUES needs one.
    rows = ["(0, '', '[]', '')"]
    for number, file in enumerate(step.files, 1):
        declared = json.dumps([[d.kind, d.schema, d.name, d.table] for d in file.declared])
        rows.append(
            f"\n  ({number}, {_literal(file.path)}, {_literal(declared)}, {_quoted(file.text)})"
        )
    owners = sorted({role for file in step.project.files for role in file.other_owners})
    roles = ", ".join(owners)
    return applier_objects.OBJECTS.format(
        files=",".join(rows),
        gone=gone,
        grant=f"grant create on schema rota_core to {roles};" if owners else "",
        revoke=f"revoke create on schema rota_core from {roles};" if owners else "",
        defines="false" if step.project.is_engine else "true",
        define="" if step.project.is_engine else applier_objects.DEFINE,
    )


def _tagged(text: str) -> str:
    return text.lstrip().replace("{tag}", dollar_quote("rota", text))


def _quoted(text: str) -> str:
    tag = dollar_quote("sql", text)
    return f"{tag}{text}{tag}"


def _literal(value: str | None) -> str:
    if value is None:
        return "null"
    # Whatever standard_conforming_strings says, a backslash is one.
    if "\\" in value:
        return _quoted(value)
    return "'" + value.replace("'", "''") + "'"


def _array(values: list[str]) -> str:
    inside = ",".join('"' + re.sub(r'(["\\])', r"\\\1", value) + '"' for value in values)
    return _literal("{" + inside + "}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}" if number else ""
