"""Whatever is taken as the command of a schedule is one statement to the server, and no COPY."""

from __future__ import annotations

from random import Random

import psycopg
import pytest
from psycopg import pq

from harness import Clone

PIECES = [
    *(
        "'",
        "''",
        "\\",
        "E'",
        "e'",
        '"',
        "$$",
        "$a$",
        "$b$",
        "$1",
        "a$",
        "1",
        "--",
        "\n",
        "/*",
        "*/",
    ),
    *(
        "/",
        " ",
        ";",
        "select 1",
        "copy t to stdout",
        "; copy t to stdout; ",
        "U&'",
        "b'",
        "x",
        "n'",
    ),
    *("*", "$", "ä", "$ä$", "\r", "+", "(", ")", "E", "'--", "\t"),
]
BEFORE = ["select 1 ", "select '", "select ", "", "/*", "select E'", "select $a$", "select b'"]
AFTER = ["", "--'", "'", "*/", "$a$", '"', "--"]
TAKES = """
create function pg_temp.takes(command text) returns boolean language plpgsql as $f$
begin
  perform rota_core.check_command(command, '0 4 * * *', 'UTC');
  return true;
exception when invalid_parameter_value then
  return false;
end $f$
"""


def made(random: Random) -> str:
    body = "".join(random.choice(PIECES) for _ in range(random.randint(2, 14)))
    return random.choice(BEFORE) + body + random.choice(AFTER)


def results(connection: psycopg.Connection, command: str) -> tuple[int, bool]:
    """How many results the server has for a string, and whether one of them is a COPY."""
    link = connection.pgconn
    link.send_query(command.encode())
    count, copies = 0, False
    while result := link.get_result():
        count += 1
        if result.status == pq.ExecStatus.COPY_OUT:
            copies = True
            while link.get_copy_data(0)[0] > 0:
                pass
    return count, copies


@pytest.mark.parametrize("conforming", ["on", "off"])
def test_it_is_one_statement_however_it_is_quoted(
    database: Clone, conforming: str, long: bool
) -> None:
    random = Random(7)
    taken = 0
    with database.connect() as judge, database.connect() as server:
        judge.execute(TAKES)
        server.execute("create table t ()")
        server.execute(f"set standard_conforming_strings = {conforming}")
        server.execute("set backslash_quote = on; set client_min_messages = error")
        for _ in range(100_000 if long else 4000):
            command = made(random)
            if judge.execute("select pg_temp.takes(%s)", [command]).fetchone()[0]:
                taken += 1
                assert results(server, command) in [(1, False), (0, False)], command
    assert taken > 500
