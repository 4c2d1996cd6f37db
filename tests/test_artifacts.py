"""Artifacts: they commit with the attempt that kept them, and go with its history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import Clone, wait_until
from support_process import start, wait_for_state, worker_processes

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create sequence app.tries;
grant usage on sequence app.tries to rota_worker;
create function app.second_time(input jsonb) returns jsonb language plpgsql as $$
declare
  v_try bigint := nextval('app.tries');
begin
  perform rota.save_artifact('try-' || v_try, to_jsonb(v_try));
  perform rota.save_artifact('page', data => convert_to('page ' || v_try, 'UTF8'));
  if v_try = 1 then
    raise exception 'not yet';
  end if;
  return '{}';
end $$;
select rota.define_task('inside', 'app.second_time', initial_delay => '50 ms');
select rota.define_task('outside', null, kind => 'external', initial_delay => '50 ms');
"""
HANDLER = """
from pgrota import external


@external.handler("outside")
def outside(input, context):
    context.save_artifact(f"try-{context.attempt}", {"try": context.attempt})
    context.save_artifact("page", f"page {context.attempt}", "text/plain")
    context.save_artifact("bytes", b"\\0\\xff")
    if context.attempt == 1:
        raise ValueError("not yet")
"""


@pytest.fixture
def app(database: Clone, tmp_path: Path) -> Iterator[Clone]:
    database.run(TASKS)
    (tmp_path / "handlers.py").write_text(HANDLER)
    with worker_processes() as begin:
        database.work()
        begin(database, "--handlers", "handlers", "--external-only", directory=tmp_path)
        yield database


def kept(app: Clone, run_id: int) -> list[tuple[str, str]]:
    return app.run(
        "select a.name, a.media_type from rota.artifacts as a where a.run_id = %s order by a.name",
        run_id,
    )


def test_what_a_failed_attempt_kept_is_undone_with_it(app: Clone) -> None:
    inside, outside = start(app, "inside"), start(app, "outside")
    for run_id in (inside, outside):
        wait_for_state(app, run_id, "succeeded")
    assert kept(app, inside) == [
        ("page", "application/octet-stream"), ("try-2", "application/json"),
    ]  # fmt: skip
    assert kept(app, outside) == [
        ("bytes", "application/octet-stream"),
        ("page", "text/plain"),
        ("try-2", "application/json"),
    ]
    get = "select rota.get_artifact(%s, %s)"
    assert bytes(app.value(get, inside, "page")) == b"page 2"
    assert bytes(app.value(get, outside, "page")) == b"page 2"
    assert bytes(app.value(get, outside, "bytes")) == b"\0\xff"


def test_artifacts_are_kept_as_long_as_their_run_is_in_history(app: Clone) -> None:
    gone, known = start(app, "inside"), start(app, "inside")
    wait_until(lambda: len(kept(app, gone)) == len(kept(app, known)) == 2, what="both runs")
    app.run("update rota_core.artifact set created_at = created_at - interval '100 days'")
    app.run("delete from rota_core.finished_run where run_id = %s", gone)
    app.run("select rota_core.tend_pipelines()")
    assert not app.run("select from rota_core.artifact where run_id = %s", gone)
    assert len(kept(app, known)) == 2
