begin;
select plan(5);

-- given: a still clock; runs outside the database, one in time, one late, one that was cancelled;
-- and a late one inside, which is interrupted by signals instead
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('http', null, kind => 'external', timeout => '1 min', max_attempts => 2);
select rota.define_task('inside', 'test.f', timeout => '1 min', concurrency => 1);
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values (-1, 'external', 'default', 1, 'rota_worker', 'epoch', '2026-01-01 12:00+00');
insert into rota_core.run (
  run_id, task, lane, state, worker_id, attempt, run_at, claimed_at, started_at, created_at,
  created_by, limited, stop_reason
)
overriding system value
select
  r.run_id, r.task, 'default', 'running', -1, 1, 'epoch', r.at::timestamptz, r.at::timestamptz,
  'epoch', 'rota_app', true, r.reason
from (
  values
  (1, 'http', '2026-01-01 11:59:30+00', null),
  (2, 'http', '2026-01-01 11:58:59+00', null),
  (3, 'http', '2026-01-01 11:59:30+00', 'cancel'),
  (4, 'inside', '2026-01-01 11:00:00+00', null)
) as r (run_id, task, at, reason);
update rota_core.run set counted_as = task;

-- who may call it
select is(
  test.callers('rota_core.expire_external'), '{rota_worker}',
  'the supervisor may call it, and nobody else'
);

-- the deed
set local role rota_worker;
select is(rota_core.expire_external(), 2, 'the late one and the cancelled one are ended');
reset role;
select results_eq(
  'select r.run_id, r.state, r.charged, r.worker_id from rota_core.run as r order by r.run_id',
  $$values (1::bigint, 'running', 0, -1), (2, 'queued', 1, null), (4, 'running', 0, -1)$$,
  'the late one is charged and queued again, the others are left alone'
);
select results_eq(
  'select f.run_id, f.state from rota_core.finished_run as f',
  $$values (3::bigint, 'cancelled')$$,
  'the cancelled one is cancelled'
);
select results_eq(
  'select a.run_id, a.outcome, a.charged from rota_core.attempt as a order by a.run_id',
  $$values (2::bigint, 'timeout', true), (3, 'cancelled', false)$$,
  'their attempts tell why'
);

select * from finish();
rollback;
