"""The database that clones are made of: the engine, and the extensions that tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from pgrota.deploy import deploy
from pgrota.server import Server

TEMPLATE = "rota_template"
CRON_DATABASE = "cron"
EXTENSIONS = {"pgtap": "tap", "plpgsql_check": "plpgsql_check"}


def make_template(server: Server) -> None:
    """Make it on a server, and the one that pg_cron is to live in."""
    with server.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
        connection.execute(f"create database {CRON_DATABASE}")
    deploy(server.url(TEMPLATE))
    if server.has_cron:
        with server.connect(CRON_DATABASE) as connection:
            connection.execute("create extension pg_cron")
    with server.connect(TEMPLATE) as connection:
        available = connection.execute("select name from pg_available_extensions").fetchall()
        for extension, schema in EXTENSIONS.items():
            if (extension,) in available:
                connection.execute(f"create schema {schema}")
                connection.execute(f"grant usage on schema {schema} to public")
                connection.execute(f"create extension {extension} schema {schema}")
        if ("pgtap",) not in available:
            load_pgtap(connection)


def load_pgtap(connection: psycopg.Connection[Any]) -> None:
    """Another server's pgTAP, if there is one on this machine: its file is plain SQL."""
    scripts = sorted(Path("/usr/share").glob("postgresql/*/extension/pgtap--[0-9.]*.sql"))
    whole = [path for path in scripts if path.stem.count("--") == 1]
    if whole:
        connection.execute("create schema tap")
        connection.execute("grant usage on schema tap to public")
        connection.execute("set search_path = tap, public")
        connection.execute(whole[-1].read_bytes())
