"""Passwords stay out of everything the tool prints."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
_SHORTEST = 3

_known: set[str] = set()
_pieces: set[str] = set()

# Greedy up to the last @ before a space: a password may hold @, / and : unescaped.
_IN_URL = re.compile(r"(\b[a-z][a-z0-9+.\-]*://[^\s:/@]*:)(\S*)(@)", re.IGNORECASE)
# Of keywords and of a URL's query, where & ends it.
_AS_KEYWORD = re.compile(
    r"((?:\b|_|ssl)password\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:\\.|[^\s&'\"\\])(?:\\.|[^\s&\"\\])*)",
    re.IGNORECASE | re.DOTALL,
)
_TO_THE_BLANK = re.compile(r"password\s*=\s*([^\s'](?:\\.|[^\s\\])*)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[@/:?#&%=\s'\\]+")


def remember(url: str | None, password: str | None = None) -> None:
    """Learn the password of a connection string, in every spelling it may come back in."""
    for each in [*_passwords(url or ""), *([password] if password else [])]:
        decoded = unquote(each)
        whole = {each, decoded, quote(each, safe=""), quote_plus(each)}
        pieces = {*_SEPARATORS.split(each), *_SEPARATORS.split(decoded)}
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


def mask_all(value: Any) -> Any:
    """A document without any password. As text it may spell one in ways of its own."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_all(each) for key, each in value.items()}
    if isinstance(value, list):
        return [mask_all(each) for each in value]
    return value


def _passwords(url: str) -> list[str]:
    found = re.findall(r"^[^:/@]+://[^:/@]*:(.*)@", url, re.DOTALL)
    found += re.findall(r"^[^:/@]+://[^:/@]*:([^@]*)@", url)
    found += _TO_THE_BLANK.findall(url)
    for match in _AS_KEYWORD.finditer(url):
        value = match.group(2)
        if value.startswith("'"):
            value = value[1:].removesuffix("'")
        found += [value, re.sub(r"\\(.)", r"\1", value)]
    return [password for password in dict.fromkeys(found) if password]
