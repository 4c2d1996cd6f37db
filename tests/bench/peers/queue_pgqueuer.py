"""pgqueuer as a peer: setup | load N | drain. See __init__.py."""

import asyncio
import sys
from datetime import timedelta

import asyncpg
from counting import URL, ran, reporting
from pgqueuer.db import AsyncpgDriver
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode


async def main(what: str, count: int = 0) -> None:
    connection = await asyncpg.connect(URL)
    driver = AsyncpgDriver(connection)
    queries = Queries(driver)
    if what == "setup":
        await queries.install()
    elif what == "load":
        for some in [1000] * (count // 1000) + [count % 1000]:
            await queries.enqueue(["noop"] * some, [b'{"a": 1}'] * some, [0] * some)
    else:
        manager = QueueManager(queries)

        @manager.entrypoint("noop")
        async def noop(job: object) -> None:
            ran()

        await reporting(
            lambda: manager.run(
                batch_size=100,
                mode=QueueExecutionMode.drain,
                dequeue_timeout=timedelta(seconds=1),
            )
        )
    await connection.close()


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
