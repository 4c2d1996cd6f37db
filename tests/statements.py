"""Which statements of the engine's PL/pgSQL the tests execute: plpgsql_check's profiler counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from clone import Clone

MOST_NAMED = 30
SETTINGS = {"plpgsql_check.profiler_max_shared_chunks": 50000}
EXECUTED = """
with profiled as materialized (
  select f.funcoid::regprocedure as function
  from plpgsql_check.plpgsql_profiler_functions_all() as f
  where f.funcoid::text like any (array['rota.%', 'rota_core.%'])
    -- It cannot read a polymorphic one.
    and f.funcoid::text not like '%anyelement%'
)

select p.function::text, s.stmtid
from profiled as p
cross join lateral plpgsql_check.plpgsql_profiler_function_statements_tb(p.function) as s
where s.exec_stmts > 0
"""
ALL = """
select p.oid::regprocedure::text, s.stmtid
from pg_catalog.pg_proc as p
cross join lateral plpgsql_check.plpgsql_profiler_function_statements_tb(p.oid) as s
where p.pronamespace::regnamespace::text in ('rota', 'rota_core')
  and p.prolang = (select l.oid from pg_catalog.pg_language as l where l.lanname = 'plpgsql')
  and not p.proargtypes::oid[] @> array['anyelement'::regtype::oid]
  and s.stmtname <> 'statement block'
"""
FORGET = """
select plpgsql_check.plpgsql_profiler_reset(f.funcoid::regprocedure)
from plpgsql_check.plpgsql_profiler_functions_all() as f
"""


class Coverage:
    """What the sessions in some clones have executed."""

    def __init__(self) -> None:
        self.executed: set[tuple[str, int]] = set()
        self.watched: list[Clone] = []

    def watch(self, clone: Clone, connection: psycopg.Connection[Any]) -> None:
        """Count in all later sessions of this clone; the connection is to its server."""
        clone.coverage = self
        connection.execute(f"alter database {clone.name} set plpgsql_check.profiler = on")
        self.watched.append(clone)

    def collect(self, clone: Clone) -> None:
        if clone not in self.watched:
            return
        self.watched.remove(clone)
        with clone.connect() as connection:
            connection.execute("set plpgsql_check.profiler = off")
            self.executed |= set(connection.execute(EXECUTED).fetchall())
            connection.execute(FORGET)

    def summary(self, reference: Clone) -> list[str]:
        """The share of statements executed, and the functions that were never called."""
        for clone in list(self.watched):
            self.collect(clone)
        try:
            there = set(reference.run(ALL))
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            return ["PL/pgSQL statements executed: unknown, plpgsql_check is not installed"]
        done = there & self.executed
        called = {function for function, _ in done}
        idle = sorted({function.split("(")[0] for function, _ in there if function not in called})
        lines = [f"PL/pgSQL statements executed: {_percent(len(done), len(there))}"]
        if 0 < len(idle) <= MOST_NAMED:
            lines.append(f"never called: {', '.join(idle)}")
        return lines


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole if whole else 100} % ({part} of {whole})"
