"""Other queues: installed apart from the project, measured with the same server and clock.

Each has a program in this folder. `setup` makes its tables, `load N` queues N jobs, and `drain`
says `ready`, waits for a line, works, and writes every few milliseconds how many handlers it ran.
It is done when all ran and no job is left in its table.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.arena import Drained
from bench.processes import cpu_seconds
from pgrota.server import Server

HERE = Path(__file__).parent
PLACE = Path(__file__).parents[3] / ".rota/bench"
PYTHON = PLACE / "python"
NODE = PLACE / "node"
TIMEOUT = 600
SESSIONS = """
select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Peer:
    name: str
    program: str
    jobs: str
    runs: int
    does: str
    round_trips: str
    setup: str

    @property
    def command(self) -> list[str]:
        if self.program.endswith(".js"):
            return ["node", str(NODE / self.program)]
        return [str(PYTHON / "bin/python"), str(HERE / self.program)]


PEERS = [
    Peer(
        "graphile-worker 0.17",
        "graphile.js",
        "graphile_worker._private_jobs",
        50_000,
        "handler in Node; at least once; retries; no history: a job that succeeds is deleted",
        "1 fetch for 500 jobs, completions in batches, 1 commit each",
        "concurrentJobs 24, maxPoolSize 12, localQueue 500, completeJobBatchDelay 0",
    ),
    Peer(
        "pgqueuer 1.6",
        "queue_pgqueuer.py",
        "pgqueuer",
        20_000,
        "handler in Python; at least once; no retries by itself; a log row a change of state",
        "1 fetch for 100 jobs, log and deletion in batches",
        "asyncpg, drain mode, batch_size 100",
    ),
    Peer(
        "procrastinate 3.10",
        "queue_procrastinate.py",
        "procrastinate_jobs",
        1_000,
        "handler in Python; at least once; retries; no history: jobs are deleted, events with them",
        "2 for each job: fetch and finish",
        "concurrency 10, delete_jobs always, no listen_notify",
    ),
]


def ready(say: Callable[[str], None]) -> list[Peer]:
    """The peers that are installed, or could be."""
    usable = {".py": _install_python(say), ".js": _install_node(say)}
    return [peer for peer in PEERS if usable[Path(peer.program).suffix]]


def install(say: Callable[[str], None]) -> bool:
    """Whether everything is installed, or could be."""
    return _install_python(say) and _install_node(say)


def drain(peer: Peer, server: Server, runs: int, workers: int) -> Drained:
    """What so many processes of a peer take for so many jobs, their sessions' time included."""
    database = "bench_peer"
    with server.connect() as connection:
        connection.execute(f"create database {database}")
    try:
        _call(peer, server.url(database), "setup")
        _call(peer, server.url(database), "load", str(runs))
        with server.connect(database) as connection:
            connection.execute("analyze")
            connection.execute("checkpoint")
            return _drain(peer, server.url(database), connection, runs, workers)
    finally:
        with server.connect() as connection:
            connection.execute(f"drop database {database} with (force)")


def _drain(
    peer: Peer, url: str, control: psycopg.Connection[Any], runs: int, workers: int
) -> Drained:
    processes = [_start(peer, url, "drain") for _ in range(workers)]
    counts = [0] * workers
    try:
        for process in processes:
            _expect(process, "ready")
        used = sum(cpu_seconds(process.pid) for process in processes)
        started = time.perf_counter()
        for place, process in enumerate(processes):
            _say(process, "go\n")
            threading.Thread(
                target=_count, args=(process.stdout, counts, place), daemon=True
            ).start()
        while not _is_done(peer, control, sum(counts) - runs):
            if time.perf_counter() - started > TIMEOUT or all(map(_has_ended, processes)):
                time.sleep(0.5)
                if not _is_done(peer, control, sum(counts) - runs):
                    raise RuntimeError(f"{peer.name} ended after {sum(counts)} of {runs}")
            time.sleep(0.002)
        seconds = time.perf_counter() - started
        backends = [pid for (pid,) in control.execute(SESSIONS)]
        pids = [*(process.pid for process in processes), *backends]
        return Drained(seconds, sum(map(cpu_seconds, pids)) - used)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _is_done(peer: Peer, control: psycopg.Connection[Any], surplus: int) -> bool:
    """Whether all handlers ran, and the jobs are done as far as the database knows."""
    left = f"select exists (select from {peer.jobs})"
    return surplus >= 0 and control.execute(left).fetchone() == (False,)


def _has_ended(process: subprocess.Popen[str]) -> bool:
    """Without taking its place in /proc away, which tells what it used."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, process.pid, options) is not None


def _count(lines: Iterable[str], counts: list[int], place: int) -> None:
    for line in lines:
        counts[place] = int(line)


def _expect(process: subprocess.Popen[str], word: str) -> None:
    line = process.stdout.readline().strip() if process.stdout else ""
    if line != word:
        raise RuntimeError(f"{process.args} answered {line!r} instead of {word!r}")


def _say(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin:
        process.stdin.write(line)
        process.stdin.flush()


def _start(peer: Peer, url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*peer.command, *arguments],
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _call(peer: Peer, url: str, *arguments: str) -> None:
    process = _start(peer, url, *arguments)
    process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{peer.name}: {' '.join(arguments)} failed")


def _install_python(say: Callable[[str], None]) -> bool:
    wanted = HERE / "requirements.txt"
    if _is_installed(PYTHON, wanted):
        return True
    say(f"installing the peers from PyPI into {PYTHON}")
    shutil.rmtree(PYTHON, ignore_errors=True)
    return _install(
        say, PYTHON, wanted,
        [sys.executable, "-m", "venv", str(PYTHON)],
        [str(PYTHON / "bin/python"), "-m", "pip", "install", "--quiet", "-r", str(wanted)],
    )  # fmt: skip


def _install_node(say: Callable[[str], None]) -> bool:
    wanted = HERE / "package.json"
    if shutil.which("npm") is None:
        say("npm is not here: graphile-worker is left out")
        return False
    if not _is_installed(NODE, wanted):
        say(f"installing the peer from npm into {NODE}")
        NODE.mkdir(parents=True, exist_ok=True)
        shutil.copy(wanted, NODE)
        npm = ["npm", "install", "--prefix", str(NODE), "--no-audit", "--no-fund", "--silent"]
        if not _install(say, NODE, wanted, npm):
            return False
    # Node looks for modules beside the program.
    shutil.copy(HERE / "graphile.js", NODE)
    return True


def _is_installed(place: Path, wanted: Path) -> bool:
    stamp = place / "installed"
    return stamp.exists() and stamp.read_text() == wanted.read_text()


def _install(say: Callable[[str], None], place: Path, wanted: Path, *commands: list[str]) -> bool:
    for command in commands:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            say(f"left out, since this failed: {' '.join(command)}\n{answer.stderr.strip()}")
            return False
    (place / "installed").write_text(wanted.read_text())
    return True
