"""procrastinate as a peer: setup | load N | drain. See __init__.py."""

import asyncio
import sys

import procrastinate
from counting import URL, ran, reporting

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=URL, max_size=10))


@app.task(name="noop")
async def noop(a: int) -> None:
    ran()


async def main(what: str, count: int = 0) -> None:
    async with app.open_async():
        if what == "setup":
            await app.schema_manager.apply_schema_async()
        elif what == "load":
            await noop.batch_defer_async(*[{"a": 1}] * count)
        else:
            await reporting(
                lambda: app.run_worker_async(
                    wait=False,
                    concurrency=10,
                    delete_jobs="always",
                    listen_notify=False,
                    install_signal_handlers=False,
                )
            )


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
