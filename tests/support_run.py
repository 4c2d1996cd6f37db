"""Some tasks, and the commands `rota run`, `rota task` and `rota logs` on their database."""

from __future__ import annotations

import io
import os
import subprocess
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from harness import Clone
from pgrota import cli, errors
from support_process import environment, start, wait_for_state

TASKS = """
create schema app;
grant usage on schema app to rota_worker;
create table app.row (id int primary key);
insert into app.row values (1);
grant select, insert on app.row to rota_worker;
create function app.good(input jsonb) returns jsonb language plpgsql as $$
begin
  perform rota.log('info', 'greeting', jsonb_build_object('name', input ->> 'name'));
  return jsonb_build_object('hello', input ->> 'name');
end $$;
create function app.bad() returns void language plpgsql as $$
begin
  perform rota.log('warn', 'about to insert');
  insert into app.row values (1);
end $$;
create function app.says() returns void language plpgsql as $$
begin
  raise exception using errcode = 'XX123', message = 'no luck today', hint = 'try tomorrow',
    detail = repeat('very long ', 40);
end $$;
create function app.steps(input jsonb, state jsonb) returns jsonb language plpgsql as $$
declare
  v_n int := coalesce((state ->> 'n')::int, 0) + 1;
begin
  perform pg_sleep((input ->> 'seconds')::float8);
  perform rota.log('info', format('step %s', v_n));
  return jsonb_build_object('state', jsonb_build_object('n', v_n), 'rows', 1000,
    'progress', jsonb_build_object('done', v_n * 1000, 'total', 4000), 'done', v_n >= 4);
end $$;
select rota.define_task('good', 'app.good', tags => '{greeting}');
select rota.define_task('bad', 'app.bad', max_attempts => 2, initial_delay => '0.1 s');
select rota.define_task('says', 'app.says', max_attempts => 1);
select rota.define_task('steps', 'app.steps', kind => 'chunked');
"""
RUN = "select to_jsonb(r) from rota.runs as r where r.run_id = %s"


def here(
    *arguments: str, url: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The command in this process, which is quicker than in one of its own."""
    out, err = io.StringIO(), io.StringIO()
    if url is not None:
        variables["ROTA_DATABASE_URL"] = url
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ.keys() - environment().keys():
                patch.delenv(name)
            for name, value in variables.items():
                patch.setenv(name, value)
            time.tzset()
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
                cli.main(arguments)
    finally:
        time.tzset()
    return subprocess.CompletedProcess(arguments, left.value.code, out.getvalue(), err.getvalue())


def ok(app: Clone, *arguments: str, url: str | None = None) -> str:
    done = here(*arguments, url=url or app.url())
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(app: Clone, *arguments: str, code: int = errors.ERROR, url: str | None = None) -> str:
    done = here(*arguments, url=url or app.url())
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def finish(app: Clone, task: str, document: str = "{}", wanted: str = "succeeded") -> int:
    run_id = start(app, task, document)
    worker = app.work(budget="10 s")
    wait_for_state(app, run_id, wanted)
    worker.cancel()
    worker.join()
    return run_id
