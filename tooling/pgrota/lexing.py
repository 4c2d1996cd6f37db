"""Texts of SQL: what of one is code, what is quoted or commented out, and how to quote."""

from __future__ import annotations

import re
from collections.abc import Iterator

NAME = r'(?:[a-z_][\w$]*|"(?:[^"]|"")+")'
# A string is told apart, for those who look into it.
_NOT_CODE = re.compile(
    r"""
      (?P<string>'(?:[^']|'')*')
    | --[^\n]* | /\*.*?\*/ | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?P=tag)
    """,
    re.DOTALL | re.VERBOSE,
)
_ATOMIC = re.compile(r"\bbegin\s+atomic\b", re.I)


def blanked(text: str, strings: bool = True) -> str:
    """The text without comments and dollar-quoted parts, and without strings if they shall go too.

    Everything stays where it is.
    """

    def blank(match: re.Match[str]) -> str:
        if match["string"] and not strings:
            return match[0]
        return "\n".join(" " * len(line) for line in match[0].split("\n"))

    return _NOT_CODE.sub(blank, text)


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement and where it begins; one with its body from `begin atomic` to `end`."""
    place, start, is_open = 0, None, False
    for part in blanked(text).split(";"):
        if start is None and part.strip():
            start = place + len(part) - len(part.lstrip())
        place += len(part) + 1
        is_open = bool(_ATOMIC.search(part)) or (is_open and part.strip().lower() != "end")
        if start is not None and not is_open:
            yield start, text[start : place - 1]
            start = None


def plain(name: str) -> str:
    """A name as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def dollar_quote(word: str, text: str) -> str:
    """A dollar quote that does not stand in the text."""
    number = 0
    while f"${word}{number or ''}$" in text:
        number += 1
    return f"${word}{number or ''}$"
