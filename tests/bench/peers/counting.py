"""What the peers in Python share: start when told to, and write how many handlers ran."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable

logging.disable(logging.CRITICAL)
URL = os.environ["DATABASE_URL"]
done = 0


def ran() -> None:
    global done
    done += 1


async def reporting(work: Callable[[], Awaitable[object]]) -> None:
    """Work once a line has come in, and write counts meanwhile."""
    print("ready", flush=True)
    sys.stdin.readline()
    reporter = asyncio.create_task(_report())
    await work()
    reporter.cancel()
    print(done, flush=True)


async def _report() -> None:
    while True:
        print(done, flush=True)
        await asyncio.sleep(0.01)
