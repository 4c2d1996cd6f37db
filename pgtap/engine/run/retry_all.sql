begin;
select plan(7);

-- given: failed runs, older and newer, of two tasks
select rota.define_task('report', 'test.f');
select rota.define_task('other', 'test.f');
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
  created_by, tags
)
select
  f.run_id,
f.task,
'default',
f.state,
0,
'epoch',
'{}',
3,
3,
f.at::timestamptz,
'epoch',
  'rota_app',
'{}'
from (
  values
  (1, 'report', 'failed', '2026-01-01 10:00+00'), (2, 'report', 'failed', '2026-01-01 11:00+00'),
  (3, 'report', 'failed', '2026-01-01 12:00+00'), (4, 'report', 'cancelled', '2026-01-01 12:00+00'),
  (5, 'report', 'succeeded', '2026-01-01 12:00+00'), (6, 'other', 'failed', '2026-01-01 12:00+00')
) as f (run_id, task, state, at);

select is(test.callers('rota.retry_all'), '{rota_admin}', 'an administrator may, and nobody else');

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.retry_all(''nowhere'', ''epoch'')'),
  '42704 task ''nowhere'' does not exist; See what exists: select name from rota.tasks;',
  'an unknown task is refused'
);
select is(
  test.refusal('select rota.retry_all(''report'', null)'),
  '22023 since must be a time; select rota.retry_all(''report'', now() - interval ''1 day'');',
  'a time is needed'
);

-- the deed
select is(
  rota.retry_all('report', '2026-01-01 11:00+00'), 2::bigint,
  'what has failed since a time is counted'
);
select is(rota.retry_all('report', '2026-01-01 11:00+00'), 0::bigint, 'once');
reset role;
select results_eq(
  'select r.run_id from rota_core.run as r order by r.run_id', 'values (2::bigint), (3)',
  'and queued again'
);
select results_eq(
  'select f.run_id from rota_core.finished_run as f order by f.run_id',
  'values (1::bigint), (4), (5), (6)',
  'nothing else is'
);

select * from finish();
rollback;
