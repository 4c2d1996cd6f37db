"""A server that looks like Supabase's to whoever deploys, and its migrations."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harness import Clone
from pgrota.server import Server
from support_deploy import bare, program, psql

# `postgres` is a plain role there, and supabase_admin the superuser that initdb made.
ROLES = """
alter role postgres rename to supabase_admin;
create role postgres login nosuperuser createrole createdb;
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, pg_monitor to postgres;
create role cli_login login noinherit in role postgres;
"""
SCHEMAS = """
grant usage, create on schema public to postgres;
create schema auth;
create table auth.sessions (id uuid primary key, user_id uuid, not_after timestamptz);
create schema extensions;
create schema storage;
create table storage.objects (id uuid primary key, name text);
grant usage on schema auth, extensions, storage to postgres;
alter default privileges for role postgres in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to anon, authenticated, service_role;
"""
CRON = """
create extension pg_cron;
grant usage on schema cron to postgres with grant option;
grant all on all functions in schema cron to postgres with grant option;
grant all on all tables in schema cron to postgres with grant option;
revoke all on table cron.job from postgres;
grant select on table cron.job to postgres with grant option;
"""
# What differs between two deploys that are the same: when, from where, with which numbers.
DATA = {
    "deploy": "project, deployed_by, tool_version, git_commit, system - 'client' - 'database',"
    " (select jsonb_agg(c order by c #>> '{}') from jsonb_array_elements(t.changes) as c"
    # Whoever deploys first into a server makes them.
    " where c ->> 'kind' <> 'role')",
    "deployed_source": "*",
    "deployed_file": "project, file, source_hash",
    # A definition is the same whichever way its JSON is spread out.
    "deployed_object": "project, kind, identity, file,"
    " case when definition ^@ '{' then definition::jsonb else to_jsonb(definition) end,"
    " case when definition ^@ '{' then '' else fingerprint end",
    "alembic_version": "*",
    "recipe_version": "*",
    "lane": "lane, workers",
    "task": "to_jsonb(t) - 'defined_at'",
    "schedule": "to_jsonb(t) - 'defined_at' - 'next_at'",
    "subscription": "to_jsonb(t) - '{defined_at,low,high,low_seq,high_seq,last_id}'::text[]",
    "setting": "*",
}


def supabase(make_server: Callable[..., Server]) -> Server:
    """Its roles, and pg_cron for the database `app`, which is to be made."""
    server = bare(make_server, cron_database="app")
    with server.connect() as connection:
        connection.execute("create role ladder superuser login")
    with server.connect(user="ladder") as connection:
        connection.execute(ROLES)
    return server


def make_database(server: Server, name: str, cron: bool = False) -> Clone:
    with server.connect(user="supabase_admin") as connection:
        connection.execute(f"create database {name} owner postgres")
    database = Clone(server, name)
    database.run(SCHEMAS, user="supabase_admin")
    if cron and server.has_cron:
        database.run(CRON, user="supabase_admin")
    return database


def apply(database: Clone, paths: list[Path], *options: str) -> None:
    for path in paths:
        done = psql(database, path, *options)
        assert done.returncode == 0, f"{path.name}: {done.stderr}"


def push(database: Clone, paths: list[Path]) -> None:
    """Apply files as the Supabase CLI does: its own login, acting as `postgres`, each file a batch
    that is one transaction because nothing says otherwise."""
    with database.connect("cli_login") as connection:
        connection.execute("set session role postgres")
        for path in paths:
            with connection.pipeline():
                connection.execute(path.read_text())
                connection.execute("create table if not exists public.version (version text)")
                connection.execute("insert into public.version values (%s)", [path.name])
        role, search_path = connection.execute(
            "select current_user, current_setting('search_path')"
        ).fetchone()
        assert (role, search_path) == ("postgres", '"$user", public'), "all is as it was"


def whole_dump(database: Clone) -> str:
    text = program(
        database.server, "pg_dump", "--schema-only", "--dbname", database.url("supabase_admin")
    )
    # Captures carry the number of their table.
    for number, name in database.run(
        "select c.oid, c.relname from pg_class as c"
        " where c.oid in (select t.tgrelid from pg_trigger as t where not t.tgisinternal)",
        user="supabase_admin",
    ):
        text = re.sub(rf"(?<!\d){number}(?!\d)", name, text)
    return text


def data(database: Clone, but: str = "") -> dict[str, list[str]]:
    """The tables of definitions and records, without what must differ."""
    return {
        table: sorted(
            str(row).replace(f"'{database.name}'", "'DATABASE'")
            for row in database.run(
                f"select {columns} from rota_core.{table} as t", user="supabase_admin"
            )
        )
        for table, columns in DATA.items()
        if table not in but.split()
    }
