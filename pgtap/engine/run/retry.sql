begin;
select plan(17);

-- given: a still clock and a run in every state
select test.set_clock('2026-01-01 12:00+00');
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_task('report', 'test.f', lane => 'batch', concurrency => 1);
insert into rota_core.run (run_id, task, lane, state, worker_id, run_at, created_at, created_by)
overriding system value
values
  (1, 'report', 'batch', 'queued', null, '2026-01-01 18:00+00', 'epoch', 'rota_test_shop'),
  (2, 'report', 'batch', 'queued', null, '2026-01-01 06:00+00', 'epoch', 'rota_test_shop'),
  (3, 'report', 'batch', 'running', 7, 'epoch', 'epoch', 'rota_test_shop');
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
  created_by, tags, key, checkpoint, started_at, rows_done, error
)
select
  f.run_id,
f.task,
'default',
f.state,
5,
'epoch',
'{"id": 1}',
3,
3,
'epoch',
'epoch',
  'rota_test_shop',
'{x}',
'k',
'{"at": 9}',
'epoch',
70,
'{"message": "no"}'
from (
  values
  (4, 'report', 'failed'), (5, 'report', 'cancelled'), (6, 'report', 'succeeded'),
  (7, 'report', 'skipped'), (8, 'dropped', 'failed')
) as f (run_id, task, state);

select is(
  test.callers('rota.retry'), '{rota_admin,rota_app}',
  'applications and administrators may retry, and nobody else'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  'select rota.retry(404)', '42704', 'run 404 does not exist', 'an unknown run is refused'
);
select throws_ok(
  'select rota.retry(4)', '42501', 'run 4 was started by rota_test_shop',
  'the run of another application is refused'
);
set local role rota_test_shop;
select is(
  test.refusal('select rota.retry(4, from_step => ''fetch'')'),
  '22023 run 4 has no steps; select rota.retry(4);', 'there are no steps here'
);
select is(
  test.refusal('select rota.retry(3)'),
  'RT001 run 3 is running and cannot be retried; select rota.cancel(3);',
  'what is running is refused'
);
select is(
  test.refusal('select rota.retry(6)'),
  'RT001 run 6 is succeeded and cannot be retried; '
  'Start it anew: select * from rota.start(''report'');',
  'so is what has succeeded'
);
select throws_ok(
  'select rota.retry(7)', 'RT001', 'run 7 is skipped and cannot be retried', 'or was skipped'
);
select is(
  test.refusal('select rota.retry(8)'),
  '42704 task dropped of run 8 does not exist any more; Define the task again, then retry.',
  'without its task a run is refused'
);
reset role;
select is(
  (select count(*) from rota_core.finished_run), 5::bigint, 'after the refusals history is whole'
);

-- the deed
set local role rota_test_shop;
select is(rota.retry(4), 'queued', 'a failed run is queued again');
select is(rota.retry(4), 'queued', 'twice is harmless');
select is(rota.retry(5), 'queued', 'so is a cancelled one');
select is(rota.retry(1), 'queued', 'one that waits is made due');
select is(rota.retry(2), 'queued', 'one that is due keeps its place');
reset role;
select results_eq(
  $$select r.run_id, r.lane, r.run_at, r.attempt, r.charged, r.priority, r.input, r.checkpoint,
      r.limited, r.started_at, r.key, r.rows_done
    from rota_core.run as r where r.run_id in (4, 5) order by r.run_id$$,
  $$select n.n::bigint, 'batch', timestamptz '2026-01-01 12:00+00', 3, 0, 5, '{"id": 1}'::jsonb,
      '{"at": 9}'::jsonb, true, null::timestamptz, 'k', 70::bigint
    from (values (4), (5)) as n (n)$$,
  'with its input and checkpoint, in the lane the task has now, its attempts uncharged'
);
select results_eq(
  'select r.run_at from rota_core.run as r where r.run_id in (1, 2) order by r.run_id',
  $$values (timestamptz '2026-01-01 12:00+00'), ('2026-01-01 06:00+00')$$,
  'nothing is put off'
);
select is_empty(
  'select from rota_core.finished_run as f where f.run_id in (4, 5)',
  'history has it again when it ends'
);

select * from finish();
rollback;
