"""What is no cron expression is refused with the field, the value and what is allowed there."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

RANGES = {
    "minute": "0 to 59;",
    "hour": "0 to 23;",
    "day of month": "1 to 31, L for the last day",
    "month": "1 to 12, jan feb mar",
    "day of week": "0 to 7, sun mon tue",
}
STEPS = {"minute": 59, "hour": 23, "day of month": 31, "month": 12, "day of week": 7}
# What no field takes.
NOWHERE = [
    *("61", "100", "99999999999", "-1", "+1", "1.5", "0x1", "1e1", "?", "%", "x", "*5", "**"),
    *("5-1", "3-", "-3", "1-2-3", "*-5", "*/0", "*/00", "1/0", "1-5/0", "*/", "1//2", "1/2/3"),
    *("*/60", "*/99999", "1-5/61", "1/-2", "mon-", "w", "1w", "#", "1#", "#1", "l-1", "l/2"),
    *("\u0663", "\uff13", "\u00b2", "\uff0a", "\u00a0", "m\u0101r", "'", '"', "\\", "$1"),
]  # fmt: skip
# What some other field takes.
ELSEWHERE = {
    "minute": ["60", "mon", "jan", "L", "1#2"],
    "hour": ["24", "*/24", "mon", "jan", "L"],
    "day of month": ["0", "32", "*/32", "0-5", "mon", "jan", "5L", "1#2"],
    "month": ["0", "13", "*/13", "mon", "jan-mon", "dec-jan", "L", "0-3"],
    "day of week": ["8", "*/8", "jan", "fri-mon", "L", "LW", "8L", "1#0", "1#6", "5-8"],
}
EMPTY = [",", "1,", ",1", "1,,2"]


def wrong_values() -> Iterator[tuple[str, str]]:
    for field in RANGES:
        for value in [*NOWHERE, *ELSEWHERE[field]]:
            yield field, value
            yield field, f"1,{value}"
        for value in EMPTY:
            yield field, value


def answer(connection: psycopg.Connection, expression: str) -> psycopg.errors.Diagnostic | None:
    try:
        with connection.transaction():
            connection.execute("select rota.cron_next(%s, '2026-01-01')", (expression,))
    except psycopg.errors.InvalidParameterValue as error:
        return error.diag
    return None


def test_every_wrong_value_in_every_field(rolled_back: psycopg.Connection) -> None:
    names = list(RANGES)
    for field, value in wrong_values():
        place = names.index(field)
        expression = " ".join([*["*"] * place, value, *["*"] * (4 - place)])
        said = answer(rolled_back, expression)
        assert said, expression
        wrong = "" if value in EMPTY else value.removeprefix("1,").lower()
        assert said.message_primary == f'cron field {field} does not take "{wrong}"', expression
        assert said.message_detail.startswith(f"Allowed in {field}: {RANGES[field]}"), expression
        assert f"steps of 1 to {STEPS[field]}, lists" in said.message_detail
        assert said.message_hint


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        *[(" ".join(["*"] * n), f"has {n} fields, not 5") for n in (1, 2, 3, 4, 6, 7, 100)],
        *[(blank, "has 0 fields, not 5") for blank in ("", " ", " \t\r\n ")],
        # A space to the eye alone.
        ("*\u00a0* * * *", "has 4 fields, not 5"),
        ("* * * * * # nightly", "has 7 fields, not 5"),
        ("@", "is not known"),
        ("@reboot", "is not known"),
        ("@daily 3", "is not known"),
        ("0 0 30 2 *", '"0 0 30 2 *" can never match'),
        ("0 0 30-31 feb *", "can never match"),
        ("0 0 31 */2 */8", 'cron field day of week does not take "*/8"'),
        ("0 0 31 2,4,6,9,11 *", "can never match"),
        ("x" * 1001, "of 1001 characters is too long"),
        (",".join(["1"] * 50_000) + " * * * *", "of 100007 characters is too long"),
        (",".join(["1"] * 495) + " * * * *", None),
        ("0 0 29 2 *", None),
        ("0 0 30,L 2 *", None),
        ("0 0 30 2 1", None),
        ("*/59 */23 */31 */12 */7", None),
    ],
)
def test_the_whole_expression(
    rolled_back: psycopg.Connection, expression: str, message: str | None
) -> None:
    said = answer(rolled_back, expression)
    if message is None:
        assert said is None
    else:
        assert message in said.message_primary
        assert said.message_hint
        assert len(said.message_primary) < 1100


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("*/90 * * * *", "Write @every 90 minutes."),
        ("0 */36 * * *", "Write @every 36 hours."),
        ("0 0 * * sat-0", "Sunday is also 7: write sat-7."),
        ("0 0 31 6 *", "Write L for the last day of a month: 0 0 L 2 *."),
    ],
)
def test_hints(rolled_back: psycopg.Connection, expression: str, hint: str) -> None:
    assert answer(rolled_back, expression).message_hint.endswith(hint)


def test_null_is_no_expression_to_ask_about_but_none_to_define(
    rolled_back: psycopg.Connection,
) -> None:
    asked = rolled_back.execute(
        "select rota.cron_next(null, now()), rota.cron_next('* * * * *', null),"
        " rota.cron_prev(null, now()), rota.cron_matches(null, now())"
    )
    assert asked.fetchone() == (None,) * 4
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="has 0 fields, not 5"):
        rolled_back.execute("select rota.define_schedule('nightly', null)")


@pytest.mark.parametrize("zone", ["CET", "EET", "MET", "WET", "CEST", "Berlin+1", "Mars/Olympus"])
def test_what_the_server_takes_for_an_abbreviation_is_no_zone(
    rolled_back: psycopg.Connection, zone: str
) -> None:
    """In summer CET is two hours ahead of UTC as a zone, and one as an abbreviation."""
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="is not known"):
        rolled_back.execute("select rota_core.check_timezone(%s)", (zone,))


@pytest.mark.parametrize("zone", ["UTC", "GMT", "EST5EDT", "Europe/Berlin", "Etc/GMT+5", "Japan"])
def test_zones(rolled_back: psycopg.Connection, zone: str) -> None:
    rolled_back.execute("select rota_core.check_timezone(%s)", (zone,))
