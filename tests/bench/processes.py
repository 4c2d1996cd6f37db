"""What the kernel knows of a process: the time it has used and the memory that is its own."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time so far; that of a process that is gone is 0."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def session_seconds(pid: int) -> float:
    """The time that the only thread of a process has used, by the nanosecond."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return cpu_seconds(pid)


def ended_seconds(pid: int) -> float:
    """The time of those children of a process that have ended: of a server, closed sessions."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


def private_kilobytes(pid: int) -> int:
    """Memory that no other process shares: without the server's buffers and programs."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise LookupError(f"the kernel does not tell the memory of process {pid}")
