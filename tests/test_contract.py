"""The contract tests over the catalog can fail: each rule is broken once."""

from __future__ import annotations

import pytest

from harness import ROOT, Harness
from pgrota import pgtap
from pgtap_plugin import OPTIONS

DEFINER = """
create function rota.tried(name text) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$ begin perform name; end $$;
comment on function rota.tried(text) is 'Tried. For: rota_app.';
revoke all on function rota.tried(text) from public;
grant execute on function rota.tried(text) to rota_app;
"""


def tried(body: str) -> str:
    return (
        "create function rota.tried() returns void language plpgsql"
        f" set search_path = pg_catalog, pg_temp as $$ begin {body} end $$;"
    )


@pytest.mark.parametrize(
    ("file", "damage", "rule"),
    [
        (
            "functions",
            "alter function rota.cancel(bigint) reset search_path",
            "search_path is pinned to pg_catalog, pg_temp, and nothing else is set",
        ),
        (
            "functions",
            "alter function rota.cancel(bigint) set work_mem = '1GB'",
            "search_path is pinned to pg_catalog, pg_temp, and nothing else is set",
        ),
        (
            "functions",
            "create procedure rota.tried() language plpgsql security definer"
            " as $$ begin commit; end $$",
            "a procedure that commits has no set clause and is no security definer",
        ),
        ("functions", DEFINER.replace("tried", "cancel"), "no name is overloaded"),
        (
            "functions",
            tried("begin perform 1; exception when others then null; end;"),
            "no error is swallowed whole",
        ),
        (
            "functions",
            "alter function rota.cancel(bigint) strict",
            "no function with effects is strict",
        ),
        (
            "functions",
            tried("raise exception 'no';"),
            "errors are raised with errcode, message and hint by name",
        ),
        (
            "functions",
            tried("raise exception using errcode = 'P0002';"),
            "no public function raises what an RPC gateway answers with 500",
        ),
        ("functions", tried("perform now();"), "time comes from wall_clock"),
        (
            "functions",
            "alter function rota.cancel(bigint) owner to postgres",
            "they belong to rota_owner, or to rota_worker or rota_capture where they must",
        ),
        (
            "functions",
            "grant execute on function rota.cancel(bigint) to public",
            "none is open to public",
        ),
        ("functions", "comment on function rota.cancel(bigint) is null", "each has a comment"),
        (
            "functions",
            "grant execute on function rota.cancel(bigint) to rota_reader",
            "the comment of each public one says who may call it",
        ),
        (
            "plpgsql_check",
            tried("perform 1 from rota_core.no_such_table;"),
            "nothing is found in functions and procedures",
        ),
        (
            "plpgsql_check",
            tried("null;").replace("returns void", "returns trigger"),
            "each trigger function has a trigger to be checked with",
        ),
        (
            "plpgsql_check",
            tried("new.no_such_column := 1; return new;").replace("void", "trigger")
            + "create trigger tried before insert on rota_core.task"
            " for each row execute function rota.tried()",
            "nothing is found in trigger functions, for each table they are used on",
        ),
        ("tables", "create table rota.tried ()", "schema rota holds views and no tables"),
        ("tables", "create table rota_core.tried ()", "each table and view has a comment"),
        ("tables", "create table rota_core.tried ()", "all belong to rota_owner"),
        (
            "tables",
            "grant select on rota.runs to public",
            "no table, view or sequence is open to public",
        ),
        ("tables", "grant usage on schema rota to public", "no schema is open to public"),
        (
            "tables",
            "create table rota_core.tried (a int check (a > 0))",
            "each check is named as a sentence",
        ),
        (
            "tables",
            "create table rota_core.tried (a timestamptz default rota_core.wall_clock())",
            "checks, defaults and indexes use built-in functions only",
        ),
        ("tables", "create table rota_core.tried (a timestamp)", "a time is a timestamptz"),
        (
            "tables",
            "grant select on rota_core.run to rota_app",
            "nobody but rota_owner has rights on tables, save that rota_capture writes the log",
        ),
        (
            "signatures",
            DEFINER,
            "each function of schema rota stands here with its arguments, types and defaults",
        ),
        (
            "signatures",
            "drop function rota.cancel(bigint)",
            "each function that stands here is there",
        ),
        ("signatures", "create view rota.tried as select", "the views are those that are known"),
        (
            "privileges",
            "grant execute on function rota_core.setting(text) to rota_app",
            "nobody has a right that is not recorded",
        ),
        (
            "privileges",
            "revoke execute on function rota.cancel(bigint) from rota_app",
            "each recorded right is there",
        ),
        (
            "privileges",
            "grant rota_admin to rota_app",
            "the roles are siblings: none is a member of another",
        ),
    ],
)
def test_a_broken_rule_is_seen(harness: Harness, file: str, damage: str, rule: str) -> None:
    text = (ROOT / f"pgtap/contract/{file}.sql").read_text()
    with harness.pgtap().connect(options=OPTIONS) as connection:
        report = pgtap.run(connection, text.replace("begin;", f"begin;\n{damage};", 1))
    assert report.problems == []
    skipped = any(each.skipped for each in report.assertions)
    if skipped:
        pytest.skip("plpgsql_check is not installed")
    assert rule in {each.description for each in report.assertions if not each.passed}
