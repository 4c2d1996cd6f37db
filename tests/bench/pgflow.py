"""pgflow: its SQL from npm on pgmq's from PyPI, in one session and without its edge worker."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from bench import peers
from bench.processes import cpu_seconds
from pgrota.server import Server

DATABASE = "bench_pgflow"
DOES = (
    "pgflow 0.8.1 on pgmq 1.13: messages are read 100 at a time, and each task is started and"
    " completed by pgflow's functions in one procedure, without a handler. Its runs, steps and"
    " tasks are kept; retries would be its edge worker's. realtime.send does nothing here."
)
# pgmq is here as plain SQL.
EXTENSION = re.compile(r"create extension[^;]*;", re.IGNORECASE)
# What Supabase has and a plain server does not.
STUB = """
create schema realtime;
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language sql as ''
"""
WORK = """
create procedure public.work() language plpgsql as $$
declare
  v_worker uuid := gen_random_uuid();
  v_ids bigint[];
  v_task record;
begin
  insert into pgflow.workers (worker_id, queue_name, function_name)
  values (v_worker, 'ten', 'bench');
  commit;
  loop
    v_ids := array(select m.msg_id from pgmq.read('ten', 60, 100) as m);
    exit when v_ids = '{}';
    for v_task in select t.* from pgflow.start_tasks('ten', v_ids, v_worker) as t loop
      perform pgflow.complete_task(v_task.run_id, v_task.step_slug, v_task.task_index, '{}');
    end loop;
    commit;
  end loop;
end $$
"""


def rate(
    server: Server, steps: dict[str, list[str]], runs: int, say: Callable[[str], None]
) -> tuple[float, float] | None:
    """Steps per second and microseconds of CPU a step; None where it cannot be installed."""
    if not peers.install(say):
        return None
    scripts = sorted(peers.NODE.glob("node_modules/@pgflow/core/dist/supabase/migrations/*.sql"))
    queue = next(peers.PYTHON.glob("lib/python3*/site-packages/pgmq/sql/pgmq.sql"), None)
    if not scripts or queue is None:
        say("pgflow is left out: its SQL is not where it was")
        return None
    with server.connect() as connection:
        connection.execute(f"create database {DATABASE}")
    try:
        with server.connect(DATABASE) as connection:
            connection.execute("create schema pgmq")
            connection.execute(queue.read_text())
            connection.execute(STUB)
            for script in scripts:
                connection.execute(EXTENSION.sub("", script.read_text()))
            connection.execute(WORK)
            connection.execute("select pgflow.create_flow('ten')")
            for step, after in steps.items():
                connection.execute("select pgflow.add_step('ten', %s, %s::text[])", [step, after])
            connection.execute(
                "select count(*) from generate_series(1, %s) as i,"
                " lateral pgflow.start_flow('ten', jsonb_build_object('i', i)) as r",
                [runs],
            )
            connection.execute("analyze")
            connection.execute("checkpoint")
            backend = connection.info.backend_pid
            used, started = cpu_seconds(backend), time.perf_counter()
            connection.execute("call public.work()")
            seconds, used = time.perf_counter() - started, cpu_seconds(backend) - used
            done = connection.execute(
                "select count(*) from pgflow.runs as r where r.status = 'completed'"
            ).fetchone()[0]
    finally:
        with server.connect() as connection:
            connection.execute(f"drop database {DATABASE} with (force)")
    if done != runs:
        raise RuntimeError(f"of {runs} runs of pgflow {done} were completed")
    return runs * len(steps) / seconds, 1e6 * used / (runs * len(steps))
