"""Run a pgTAP file and read what it says, up to its error if it has one.

The whole file goes to the server as one message, so every result that came before an error is read.
"""

from __future__ import annotations

import re
import select
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGconn, PGresult

LINE = re.compile(
    r"(?P<no>not )?ok (?P<number>\d+)(?: - (?P<words>.*?))?(?: *# (?P<mark>(?:SKIP|TODO).*))?$",
    re.I,
)


@dataclass
class Assertion:
    """One line of TAP and the remarks under it."""

    number: int
    description: str
    passed: bool
    skipped: bool = False
    todo: bool = False
    remarks: list[str] = field(default_factory=list)


@dataclass
class Report:
    """All that a file said."""

    assertions: list[Assertion] = field(default_factory=list)
    planned: int | None = None
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def run(connection: psycopg.Connection[Any], text: str) -> Report:
    """Send `text` over a connection in autocommit. What it leaves open is rolled back."""
    report = Report()
    connection.add_notice_handler(
        lambda notice: report.notices.append(f"{notice.severity}: {notice.message_primary}")
    )
    raw = connection.pgconn
    raw.send_query(text.encode())
    committed = False
    while (result := _next(raw)) is not None:
        if result.error_message:
            report.problems.append(_error(connection, result, text, len(report.assertions)))
        elif result.command_status == b"COMMIT":
            committed = True
        for line in _lines(result):
            _read(report, line)
    if raw.status:
        return report
    connection.rollback()
    if committed:
        report.problems.append("it commits: a pgTAP file ends with rollback")
    if not report.problems:
        _check_plan(report)
    return report


def _next(raw: PGconn) -> PGresult | None:
    """The next result. Waits where a signal is heard, which libpq does not."""
    from psycopg import OperationalError

    # A connection that is lost says so in its last result.
    with suppress(OperationalError):
        while raw.is_busy():
            select.select([raw.socket], [], [])
            raw.consume_input()
    return raw.get_result()


def _lines(result: PGresult) -> list[str]:
    cells = (
        result.get_value(row, column)
        for row in range(result.ntuples)
        for column in range(result.nfields)
    )
    return [line for cell in cells if cell for line in cell.decode().splitlines()]


def _read(report: Report, line: str) -> None:
    match = LINE.match(line)
    if match:
        mark = (match["mark"] or "").upper()
        report.assertions.append(
            Assertion(
                number=int(match["number"]),
                description=match["words"] or f"assertion {match['number']}",
                passed=not match["no"],
                skipped=mark.startswith("SKIP"),
                todo=mark.startswith("TODO"),
            )
        )
    elif re.fullmatch(r"1\.\.\d+", line):
        report.planned = int(line.removeprefix("1.."))
    elif line.startswith("#") and not line.startswith("# Looks like") and report.assertions:
        report.assertions[-1].remarks.append(line)


def _check_plan(report: Report) -> None:
    ran = [a.number for a in report.assertions]
    if report.planned is None:
        report.problems.append("it has no plan: begin with select plan(n)")
    elif ran != list(range(1, report.planned + 1)):
        report.problems.append(
            f"{report.planned} assertions planned, {len(ran)} ran: {', '.join(map(str, ran))}"
        )


def _error(
    connection: psycopg.Connection[Any], result: PGresult, text: str, assertions: int
) -> str:
    from psycopg.pq import DiagnosticField as Field

    def part(name: Field) -> str | None:
        value = result.error_field(name)
        return value.decode(errors="replace") if value else None

    state, message = part(Field.SQLSTATE), part(Field.MESSAGE_PRIMARY)
    lines = [f"{state or 'no connection'}: {message or connection.pgconn.get_error_message()}"]
    position = part(Field.STATEMENT_POSITION)
    if position:
        lines.append(f"line {text.count(chr(10), 0, int(position) - 1) + 1} of the file")
    lines.append(f"after {assertions} assertions")
    for title, name in (
        ("detail", Field.MESSAGE_DETAIL),
        ("hint", Field.MESSAGE_HINT),
        ("context", Field.CONTEXT),
    ):
        if value := part(name):
            lines.append(f"{title}: {value}")
    return "\n".join(lines)
