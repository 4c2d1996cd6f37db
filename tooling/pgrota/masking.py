"""Passwords stay out of everything the tool prints."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SHORTEST = 3

_known: set[str] = set()
_pieces: set[str] = set()

# Greedy up to the last @ before a space: a password may hold @, / and : unescaped.
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.\-]*://[^\s:/@]*:)(\S*)(@)", re.IGNORECASE)
_AS_KEYWORD = re.compile(r"(\bpassword\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE)


def remember(url: str | None) -> None:
    """Learn the password of a connection string, in every spelling it may come back in."""
    for password in _passwords(url or ""):
        whole = {password, unquote(password), quote(password, safe=""), quote_plus(password)}
        pieces = set(re.split(r"[@/:?#&%=\s'\\]+", password))
        pieces |= set(re.split(r"[@/:?#&%=\s'\\]+", unquote(password)))
        _known.update(word for word in whole if word)
        _pieces.update(word for word in pieces if len(word) >= _SHORTEST)


def mask(message: str, pieces: bool = False) -> str:
    """The message without any password.

    With `pieces` also without its parts: libpq quotes what it could not parse.
    """
    message = _IN_URL.sub(rf"\1{MASK}\3", message)
    message = _AS_KEYWORD.sub(rf"\1{MASK}", message)
    words = _known | _pieces if pieces else _known
    for word in sorted(words, key=len, reverse=True):
        message = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", MASK, message)
    return message


def _passwords(url: str) -> list[str]:
    found = re.findall(r"^[^:/@]+://[^:/@]*:(.*)@", url, re.DOTALL)
    for match in _AS_KEYWORD.finditer(url):
        value = match.group(2)
        if value.startswith("'"):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.append(value)
    return [password for password in found if password]
