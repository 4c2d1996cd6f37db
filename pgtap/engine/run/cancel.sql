begin;
select plan(13);

-- given: a still clock; a queued, a running and a finished run of one application
select test.set_clock('2026-01-01 12:00+00');
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
insert into rota_core.run (run_id, task, lane, state, worker_id, run_at, created_at, created_by)
overriding system value
values
  (1, 'report', 'default', 'queued', null, 'epoch', 'epoch', 'rota_test_shop'),
  (2, 'report', 'default', 'running', 7, 'epoch', 'epoch', 'rota_test_shop');
insert into rota_core.finished_run (
  run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
  created_by, tags
)
values (
  3, 'report', 'default', 'succeeded', 0, 'epoch', '{}', 1, 0, 'epoch', 'epoch', 'rota_test_shop',
  '{}'
);

select is(
  test.callers('rota.cancel'), '{rota_admin,rota_app}',
  'applications and administrators may cancel, and nobody else'
);

-- refusals
set local role rota_test_blog;
select is(
  test.refusal('select rota.cancel(404)'),
  '42704 run 404 does not exist; '
  'See the newest runs: select * from rota.runs order by run_id desc limit 20;',
  'an unknown run is refused'
);
select throws_ok('select rota.cancel(null)', '42704', 'run null does not exist', 'so is none');
select throws_ok(
  'select rota.cancel(1)', '42501', 'run 1 was started by rota_test_shop',
  'the run of another application is refused'
);
select throws_ok(
  'select rota.cancel(3)', '42501', 'run 3 was started by rota_test_shop',
  'even when it has ended'
);

-- the deed
set local role rota_test_shop;
select is(rota.cancel(1), 'cancelled', 'a queued run is cancelled at once');
select is(rota.cancel(1), 'cancelled', 'twice is harmless');
select is(rota.cancel(2), 'cancelling', 'a running run is asked to stop');
select is(rota.cancel(3), 'succeeded', 'one that has ended stays what it is');
reset role;
select results_eq(
  $$select f.run_id, f.state, f.finished_at from rota_core.finished_run as f order by f.run_id$$,
  $$values
    (1::bigint, 'cancelled', timestamptz '2026-01-01 12:00+00'), (3, 'succeeded', 'epoch')$$,
  'the queued one went to history'
);
select results_eq(
  $$select r.run_id, r.state, r.stop_reason, r.stop_requested_at from rota_core.run as r$$,
  $$values (2::bigint, 'running', 'cancel', timestamptz '2026-01-01 12:00+00')$$,
  'the running one carries the request'
);

-- a request that is already made
select test.set_clock('2026-01-01 12:01+00');
set local role rota_admin;
select is(rota.cancel(2), 'cancelling', 'an administrator may cancel any');
reset role;
select results_eq(
  'select r.stop_requested_at from rota_core.run as r',
  $$values (timestamptz '2026-01-01 12:00+00')$$,
  'the time of the first request stays'
);

select * from finish();
rollback;
