"""JSON as an argument of a command: typed, from a file, or from standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click


class JsonDocument(click.ParamType):
    """JSON as it is, from a file (`@file`) or from standard input (`-`)."""

    name = "json"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return "JSON|@FILE|-"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(self._text(value))
        except OSError as error:
            self.fail(f"{error.filename or value}: {error.strerror}", param, ctx)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            self.fail(f"this is not JSON: {error}", param, ctx)

    def _text(self, value: str) -> str:
        if value == "-":
            return sys.stdin.read()
        if value.startswith("@"):
            return Path(value[1:]).read_text(encoding="utf-8")
        return value


class JsonObject(JsonDocument):
    """What a task is given: no list, no number."""

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, Any]:
        document = super().convert(value, param, ctx)
        if not isinstance(document, dict):
            self.fail("the input of a task is a JSON object, such as '{\"day\": 1}'", param, ctx)
        return document
