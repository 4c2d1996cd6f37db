"""Where the database is."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pgrota import config

VARIABLES = ("ROTA_DATABASE_URL", "DATABASE_URL")


@dataclass(frozen=True)
class Address:
    """A connection string and where it was found."""

    url: str
    source: str


def find_address(option: str | None = None, directory: Path | None = None) -> Address:
    """The first of: --database-url, the environment, .env, a dev server here, libpq's own.

    Here is the working directory, and then the folder of the project.
    """
    if option:
        return Address(option, "--database-url")
    for name in VARIABLES:
        if os.environ.get(name):
            return Address(os.environ[name], name)
    for place in [directory] if directory else config.places():
        dotenv = read_dotenv(place / ".env")
        for name in VARIABLES:
            if dotenv.get(name):
                return Address(dotenv[name], f"{name} in .env")
        url = _dev_server(place)
        if url:
            return Address(url, "the server of rota dev")
    return Address("", "libpq")


def read_dotenv(path: Path) -> dict[str, str]:
    """The assignments of a .env file: KEY=value, quotes and `export` allowed."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = {}
    for line in lines:
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$", line)
        if not match:
            continue
        key, value = match.groups()
        if value[:1] in {"'", '"'}:
            closing = value.find(value[0], 1)
            value = value[1:closing] if closing > 0 else value[1:]
        else:
            value = re.sub(r"\s+#.*$", "", value)
        found[key] = value
    return found


def clean(url: str) -> str:
    """The form libpq reads: without the driver that SQLAlchemy writes into the scheme."""
    return re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", url)


def _dev_server(directory: Path) -> str | None:
    with suppress(ImportError):
        from pgrota.server import url_of

        return url_of(directory)
    return None
