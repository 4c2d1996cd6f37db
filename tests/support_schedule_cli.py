"""`rota schedule` as a person in Tokyo sees it."""

from __future__ import annotations

import json
from typing import Any

from harness import Clone
from pgrota import errors
from support_run import here


def say(app: Clone, *arguments: str, exit_code: int = errors.OK, **variables: str) -> str:
    """What the command says: its output, or its error where one is expected."""
    done = here("schedule", *arguments, url=app.url(), **{"TZ": "Asia/Tokyo"} | variables)
    assert done.returncode == exit_code, done.stderr
    return done.stdout if exit_code == errors.OK else done.stderr


def told(app: Clone, *arguments: str) -> Any:
    return json.loads(say(app, *arguments, "--json"))


def width(text: str) -> int:
    return max(len(line.rstrip()) for line in text.splitlines())


def line_of(text: str, *words: str) -> str:
    """The one line that has all the words."""
    (found,) = (line for line in text.splitlines() if all(word in line for word in words))
    return found
