begin;
select plan(15);

-- given: a still clock; tasks with queued, running and finished runs, one that a schedule starts
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task(t.name, 'test.echo', doc => '{"redact": ["input.secret", "error.message"]}')
from unnest('{idle,queued,running,scheduled,rated}'::text[]) as t (name);
select rota.define_task('rated', 'test.echo', rate_limit => '10/minute', concurrency => 1);
select rota.define_schedule('nightly', '0 3 * * *', task => 'scheduled');
select rota.pause('task', 'queued');
insert into rota_core.run (
  run_id, task, lane, state, worker_id, run_at, created_at, created_by
)
overriding system value
values
  (1, 'queued', 'default', 'queued', null, 'epoch', 'epoch', 'rota_app'),
  (2, 'queued', 'default', 'queued', null, 'epoch', 'epoch', 'rota_app'),
  (3, 'running', 'default', 'running', 7, 'epoch', 'epoch', 'rota_app'),
  (4, 'running', 'default', 'queued', null, 'epoch', 'epoch', 'rota_app');
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
  created_by, tags, checkpoint, error
)
values (
  5, 'idle', 'default', 'failed', 0, 'epoch', '{"secret": "s3cret", "id": 1}', 1, 1, 'epoch',
  'epoch', 'rota_app', '{}', '{"at": "s3cret"}', '{"sqlstate": "P0001", "message": "s3cret"}'
);
insert into rota_core.attempt (run_id, task, attempt, outcome, charged, finished_at, error)
values (5, 'idle', 1, 'failed', true, 'epoch', '{"sqlstate": "P0001", "message": "s3cret"}');

select is(
  test.callers('rota.drop_task'), '{rota_admin}',
  'an administrator may drop a task, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.drop_task(''nowhere'')'),
  '42704 task ''nowhere'' does not exist; See what exists: select name from rota.tasks;',
  'an unknown task is refused'
);
select is(
  test.refusal('select rota.drop_task(''idle'', queued_runs => ''ignore'')'),
  '22023 queued_runs must be refuse or cancel, not ''ignore''; '
  'select rota.drop_task(''name'', queued_runs => ''cancel'');',
  'there are two ways to treat queued runs'
);
select is(
  test.refusal('select rota.drop_task(''scheduled'')'),
  'RT002 task scheduled is still used; Drop or change those first.',
  'a task that a schedule starts is refused'
);
select is(
  test.refusal('select rota.drop_task(''queued'')'),
  'RT002 task queued has 2 queued and 0 running runs; '
  'select rota.drop_task(''queued'', queued_runs => ''cancel'');',
  'a task with queued runs is refused, unless told'
);
select is(
  test.refusal('select rota.drop_task(''running'', queued_runs => ''cancel'')'),
  'RT002 task running has 1 queued and 1 running runs; Wait or cancel them: '
  'select rota.cancel(run_id) from rota.runs where task = ''running'' and state = ''running'';',
  'a task that is running is refused, told or not'
);
reset role;
select results_eq(
  'select count(*) from rota_core.run union all select count(*) from rota_core.task',
  'values (4::bigint), (5::bigint)',
  'after the refusals all is as it was'
);

-- the deed
set local role rota_admin;
select lives_ok('select rota.drop_task(''idle'')', 'a task without live runs is dropped');
select lives_ok('select rota.drop_task(''rated'')', 'a limited one too');
select lives_ok(
  'select rota.drop_task(''queued'', queued_runs => ''cancel'')', 'one with queued runs when told'
);
reset role;
select results_eq(
  'select t.task from rota_core.task as t order by t.task',
  $$values ('running'), ('scheduled')$$,
  'they are gone'
);
select is_empty('select from rota_core.pause', 'with the pause');
select results_eq(
  $$select f.run_id, f.state, f.finished_at from rota_core.finished_run as f
    where f.task = 'queued' order by f.run_id$$,
  $$values
    (1::bigint, 'cancelled', timestamptz '2026-01-01 12:00+00'),
    (2::bigint, 'cancelled', timestamptz '2026-01-01 12:00+00')$$,
  'queued runs went to history as cancelled'
);
select results_eq(
  $$select r.input, r.error ->> 'message', a.error ->> 'message'
    from rota.runs as r join rota.attempts as a on a.run_id = r.run_id
    where r.run_id = 5$$,
  $$values ('{"secret": "[redacted]", "id": 1}'::jsonb, '[redacted]', '[redacted]')$$,
  'history stays, and what the views of the task hid is hidden for good'
);
select is_empty(
  $$select from rota_core.finished_run as f, rota_core.attempt as a
    where f::text || a::text like '%s3cret%'$$,
  'it is not in the tables any more'
);

select * from finish();
rollback;
