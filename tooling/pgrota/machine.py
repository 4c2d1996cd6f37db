"""What a private server asks of the machine: a user, a port, and which process is whose."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
from pathlib import Path
from typing import Any


class NoUser(RuntimeError):
    """We are root, and there is no normal user to start a program as."""


def account() -> dict[str, Any]:
    """How to start a program as a normal user: nothing to do unless we are root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoUser("Postgres refuses to run as root, and there is no user postgres or nobody")


def user_id() -> int:
    """The user that programs are started as."""
    return account().get("user", os.geteuid())


def can_enter(directory: Path) -> bool:
    """Whether that user can enter a directory."""
    answer = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
        **account(),
    )
    return answer.returncode == 0


def give(path: Path) -> None:
    """Make that user the owner of a path."""
    user = account()
    if user:
        os.chown(path, user["user"], user["group"])


def environment(home: Path) -> dict[str, str]:
    """Our own without what would lead a server or its tools astray."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def works_in(pid: int, directory: Path) -> bool:
    """Whether this process is alive and that is its working directory."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def children(pid: int) -> list[int]:
    answer = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = (map(int, line.split()) for line in answer.stdout.splitlines())
    return [child for child, parent in pairs if parent == pid]


def first_number(path: Path) -> int | None:
    """The number that stands first in a file, such as a pid file."""
    try:
        word = path.read_text().split()[0]
    except (FileNotFoundError, IndexError):
        return None
    return int(word) if word.isdigit() else None
