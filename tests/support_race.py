"""Two sessions at one run of a pipeline: what the tests of races share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness import Clone, wait_until

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create function app.echo(input jsonb) returns jsonb language sql as 'select input';
create function app.nap(input jsonb) returns jsonb language plpgsql
as $$ begin perform pg_sleep(random() * 0.002); return '1'; end $$;
select rota.define_task('echo', 'app.echo'), rota.define_task('nap', 'app.nap');
select rota.define_pipeline('join', array[
  rota.step('a', 'echo'), rota.step('b', 'echo'), rota.step('c', 'echo', '{a,b}')]);
select rota.define_pipeline('gate', array[
  rota.step('a', 'echo'), rota.step('g', wait_for => 'go', after => '{a}'),
  rota.step('z', 'echo', '{g}')]);
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value values (1, 'worker', 'default', 1, 'rota_worker', now(), now());
"""
CLAIM = """
update rota_core.run as r set state = 'running', worker_id = 1, attempt = r.attempt + 1
where r.state = 'queued' and r.step is not distinct from %s
returning r.run_id
"""
BEGIN = """
select rota_core.begin_pipelines(1, array_agg(
  row(r.run_id, r.task, r.attempt, 'pipeline', null, null, null, null)::rota_core.claim_item))
from rota_core.run as r where r.worker_id = 1 and r.step is null
"""
STATES = "select step, state from rota_core.run_step where run_id = %s order by step"


def start(app: Clone, name: str, document: str = "{}", begins: bool = True) -> int:
    """A run that is claimed and, unless told otherwise, has begun."""
    run_id = app.value("select s.run_id from rota.start(%s, %s) as s", name, document)
    claim(app, None)
    if begins:
        app.run(BEGIN)
    return run_id


def claim(app: Clone, step: str | None) -> None:
    """Claim the run of a step, or the one of the pipeline."""
    assert len(app.run(CLAIM, step)) == 1


@contextmanager
def waiting(app: Clone, statement: str, refused: str | None = None) -> Iterator[None]:
    """A statement in another session, which is seen to wait for the first, and then may go on.

    It succeeds, unless an error is named with which it is then refused.
    """
    other = app.start(statement, user="postgres")
    query = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
    wait_until(lambda: app.value(query, other.pid), what=f"it to wait: {statement[:80]}")
    yield
    error = other.join()
    assert (error and error.sqlstate) == refused, error


def record(step: str) -> str:
    """The statement with which the worker says that the run of a step has succeeded."""
    return (
        "select rota_core.record_outcomes(1, array_agg(row(r.run_id, r.task, r.attempt,"
        " '1'::jsonb, null, now(), now())::rota_core.outcome), false, '{}')"
        f" from rota_core.run as r where r.worker_id = 1 and r.step = '{step}'"
    )
