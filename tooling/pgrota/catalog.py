"""What Postgres stores of the objects that files declare, and a fingerprint of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import dict_row

from pgrota.catalog_queries import BY_IDENTITY, BY_NAME, DEPENDANTS, FOUNDATION, QUERIES
from pgrota.declared import Declared

# Fingerprints of another scheme cannot be compared: the number changes with _fingerprint() and
# with what the queries call the definition.
SCHEME = 1
_SPOKEN = ("owner", "privileges", "comment")


@dataclass(frozen=True)
class Row:
    """An object or a definition as the record keeps it."""

    kind: str
    identity: str
    fingerprint: str
    definition: str = field(repr=False)
    attributes: dict = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.identity

    def as_json(self) -> dict:
        return {
            "fingerprint": self.fingerprint,
            "definition": self.definition,
            "attributes": self.attributes,
        }


@dataclass(frozen=True)
class Stored:
    """An object as it stands in the catalog."""

    kind: str
    identity: str
    declared: Declared
    oid: int
    classid: int
    version: str
    definition: str = field(repr=False)
    fingerprint: str
    attributes: dict = field(repr=False, default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.identity

    def row(self) -> Row:
        """As the record keeps it. A body stands in the definition already."""
        said = {name: value for name, value in self.attributes.items() if name != "body"}
        return Row(self.kind, self.identity, self.fingerprint, self.definition, said)

    def __str__(self) -> str:
        return f"{self.kind} {self.identity}"


def lookup(connection: psycopg.Connection, names: Iterable[Declared]) -> list[Stored]:
    """Every object that goes by one of these names, overloads included."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for declared in names:
        wanted.setdefault(declared.kind, set()).add((declared.schema, declared.name))
    found = []
    for kind, pairs in wanted.items():
        query, name, _ = QUERIES[kind]
        ordered = sorted(pairs)
        params = {"schemas": [s for s, _ in ordered], "names": [n for _, n in ordered]}
        found += _stored(connection, query + BY_NAME.format(name), params)
    return found


def find(connection: psycopg.Connection, keys: Iterable[tuple[str, str]]) -> list[Stored]:
    """The objects of the record that still stand under these identities."""
    wanted: dict[str, list[str]] = {}
    for kind, identity in keys:
        wanted.setdefault(kind if kind in QUERIES else "function", []).append(identity)
    found = []
    for kind, identities in wanted.items():
        query, _, same = QUERIES[kind]
        condition = BY_IDENTITY.format(same)
        found += _stored(connection, query + condition, {"identities": identities})
    return found


def standing(
    connection: psycopg.Connection, keys: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The keys of the record under which something still stands."""
    wanted = list(keys)
    there = {stored.key for stored in find(connection, wanted)}
    return [key for key in wanted if key in there]


def foundation(connection: psycopg.Connection) -> list[Stored]:
    """The schemas and roles that bootstrap.sql makes."""
    return _stored(connection, FOUNDATION, None)


def dependants(connection: psycopg.Connection, kind: str, identity: str) -> list[dict]:
    """What would be dropped together with an object."""
    with connection.cursor(row_factory=dict_row) as cursor:
        params = {"kind": kind, "identity": identity}
        return cursor.execute(DEPENDANTS, params).fetchall()


def word(connection: psycopg.Connection, kind: str, identity: str) -> str:
    """What statements call an object of the record: views may be materialized."""
    if kind != "view":
        return kind
    query = "select c.relkind = 'm' from pg_catalog.pg_class as c where c.oid = to_regclass(%s)"
    found = connection.execute(query, [identity]).fetchone()
    return "materialized view" if found and found[0] else kind


def drop(connection: psycopg.Connection, kind: str, identity: str) -> None:
    """Drop an object of the record with what depends on it."""
    name = word(connection, kind, identity)
    connection.execute(f"drop {name} if exists {identity} cascade")


def _stored(connection: psycopg.Connection, query: str, params: dict | None) -> list[Stored]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query, params).fetchall()
    return [
        Stored(
            kind=row["kind"],
            identity=row["identity"],
            declared=Declared(row["declared_kind"], row["schema"], row["name"], row["on_table"]),
            oid=row["oid"],
            classid=row["classid"],
            version=row["version"],
            definition=row["definition"],
            fingerprint=_fingerprint(row),
            attributes=row["attributes"] | {part: row[part] for part in _SPOKEN},
        )
        for row in rows
    ]


def _fingerprint(row: dict) -> str:
    parts = (row["definition"], row["owner"], row["privileges"], row["comment"])
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()
