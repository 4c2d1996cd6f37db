begin;
select plan(10);

-- given: a still clock, two workers, and what they run
select test.set_clock('2026-01-01 12:00+00');
select test.make_workers();
select rota.define_task('a', 'test.f', max_attempts => 2, initial_delay => '10 s');
select test.running(n.n, 'a') from generate_series(1, 4) as n (n);
select test.running(5, 'a', -2);
update rota_core.run set stop_reason = 'cancel' where run_id = 2;
update rota_core.run set stop_reason = 'timeout' where run_id = 3;

create temp view what as
select r.run_id, r.state, r.charged, r.suspect, r.run_at
from rota_core.run as r
union all
select f.run_id, f.state, f.charged, null, f.run_at
from rota_core.finished_run as f;

select is(test.callers('rota_core.lose_worker'), '{}', 'it is internal');

select is(rota_core.lose_worker(-1), 4, 'a lost worker had four runs');
select results_eq(
  'select w.run_id, w.state, w.charged, w.suspect, w.run_at from what as w order by w.run_id',
  $$values
    (1::bigint, 'queued', 0, true, timestamptz 'epoch'),
    (2, 'cancelled', 0, null, 'epoch'),
    (3, 'queued', 1, false, '2026-01-01 12:00:10+00'),
    (4, 'queued', 0, true, 'epoch'),
    (5, 'running', 0, false, 'epoch')$$,
  'suspects are queued uncharged; what was to stop has stopped; others have theirs'
);
select results_eq(
  $$select a.run_id, a.outcome, a.charged, a.error ->> 'sqlstate', a.error ->> 'detail'
    from rota_core.attempt as a order by a.run_id$$,
  $$values
    (1::bigint, 'lost', false, 'RT003', 'Other runs were claimed with it: not counted.'),
    (2, 'cancelled', false, 'RT003', 'Other runs were claimed with it: not counted.'),
    (3, 'timeout', true, 'RT003', 'Other runs were claimed with it: not counted.'),
    (4, 'lost', false, 'RT003', 'Other runs were claimed with it: not counted.')$$,
  'the attempts tell so'
);
select results_eq(
  'select w.ended_at, w.outcome from rota_core.worker as w where w.worker_id = -1',
  $$values (timestamptz '2026-01-01 12:00+00', 'lost')$$,
  'so does the worker'
);
select results_eq(
  'select l.level, l.component, l.message from rota.logs as l',
  $$values ('warn', 'rota', 'worker -1 was lost with 4 runs')$$,
  'and the log'
);
select is(rota_core.lose_worker(-1), 0, 'twice is harmless');

-- alone
update rota_core.run set alone = true;
select is(rota_core.lose_worker(-2), 1, 'the other one had a single run');
select results_eq(
  $$select w.state, w.charged, w.suspect, w.run_at from what as w where w.run_id = 5$$,
  $$values ('queued', 1, true, timestamptz '2026-01-01 12:00:10+00')$$,
  'a loss while alone is charged'
);
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value values (-3, 'worker', 'default', 3, 'rota_worker', 'epoch', 'epoch');
update rota_core.run set state = 'running', worker_id = -3, attempt = 2 where run_id = 5;
select rota_core.lose_worker(-3);
select results_eq(
  $$select f.state, f.charged, f.error ->> 'message' from rota_core.finished_run as f
    where f.run_id = 5$$,
  $$values ('failed', 2, 'worker -3 was lost while it ran this')$$,
  'and fails the run that takes its worker along each time'
);

select * from finish();
rollback;
