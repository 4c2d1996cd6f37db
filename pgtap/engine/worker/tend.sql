begin;
select plan(14);

-- given: a still clock, two workers, and what they run
select test.set_clock('2026-01-01 12:00+00');
select test.make_workers();
select rota.define_task('a', 'test.f');
select rota.define_task('b', 'test.f');
select rota.define_schedule('s', '0 3 * * *', task => 'a');
select rota.pause('task', 'a', until => '2026-01-01 11:00+00');
select rota.pause('task', 'b', until => '2026-01-01 13:00+00');
select rota.pause('lane', 'default');
insert into rota_core.run_key (task, key, run_id, expires_at)
values ('a', 'old', 999, '2026-01-01 11:59+00'), ('a', 'live', 1, '2026-01-01 11:59+00'),
  ('a', 'new', 999, '2026-01-01 12:01+00');
select test.running(1, 'a');
select test.running(2, 'a', -2);
select test.running(3, 'a', -404);
insert into rota_core.run (run_id, task, lane, run_at, created_at, created_by)
overriding system value values (4, 'dropped', 'default', 'epoch', 'epoch', 'rota_app');
update rota_core.worker set ended_at = '2026-01-01 11:59+00', outcome = 'ended'
where worker_id = -2;
insert into rota_core.worker (
  worker_id, kind, lane, pid, role, started_at, seen_at, ended_at, outcome
)
overriding system value
values (-3, 'worker', 'default', 3, 'rota_worker', 'epoch', 'epoch', 'epoch', 'ended');
insert into rota_core.slot (schedule, slot, outcome, reason, fired_at, fired_by)
values
  ('s', '2025-10-01 03:00+00', 'skipped', 'paused', '2025-10-01 03:00+00', 'supervisor'),
  ('s', '2025-12-31 03:00+00', 'skipped', 'paused', '2025-12-31 03:00+00', 'supervisor');
insert into rota_core.deadline (schedule, allowance, judged_until, due_at)
values ('s', '100 days', '2025-10-01 04:00+00', '2026-01-09 05:00+00');
insert into rota_core.slot (schedule, slot, outcome, reason, fired_at, fired_by)
values ('s', '2025-10-01 05:00+00', 'missed', 'late', '2025-10-01 05:00+00', 'supervisor');
insert into rota_core.missed_deadline (schedule, slot, due_at, opened_at, closed_at)
values
  ('s', '2025-09-01', '2025-09-02', '2025-09-02', '2025-09-03'),
  ('s', '2025-12-01', '2025-12-02', '2025-12-02', '2025-12-03'),
  ('t', '2025-09-01', '2025-09-02', '2025-09-02', null);

select is(
  test.callers('rota_core.tend'), '{rota_worker}', 'the supervisor may call it, and nobody else'
);

set local role rota_worker;
select is(rota_core.tend(), true, 'upkeep is done');
select is(rota_core.tend(), true, 'twice is harmless');
reset role;

select results_eq(
  'select p.kind, p.name from rota_core.pause as p order by p.kind',
  $$values ('lane', 'default'), ('task', 'b')$$,
  'pauses whose time is over are gone'
);
select results_eq(
  $$select f.run_id, f.state, f.error ->> 'message' from rota_core.finished_run as f$$,
  $$values (4::bigint, 'cancelled', 'the task was dropped')$$,
  'a run whose task is gone is cancelled'
);
select results_eq(
  'select r.run_id, r.state from rota_core.run as r order by r.run_id',
  $$values (1::bigint, 'running'), (2, 'queued'), (3, 'queued')$$,
  'runs of a worker that has left or never was are queued again'
);
select results_eq(
  'select k.key from rota_core.run_key as k order by k.key', $$values ('live'), ('new')$$,
  'keys whose time is over are gone, unless their run is live'
);
select results_eq(
  'select w.worker_id from rota_core.worker as w where w.worker_id < 0 order by w.worker_id',
  'values (-2), (-1)', 'workers that left a day ago are forgotten'
);
select results_eq(
  $$select s.slot from rota_core.slot as s where s.outcome = 'skipped'$$,
  $$values (timestamptz '2025-12-31 03:00+00')$$,
  'so are old slots'
);
select is(
  (select count(*) from rota_core.slot as s where s.outcome = 'missed'), 1::bigint,
  'but not one that a deadline is still to be judged by'
);
select results_eq(
  'select m.schedule from rota_core.missed_deadline as m order by m.schedule',
  $$values ('s'), ('t')$$,
  'so are old records of missed deadlines, unless they are open'
);
select isnt(to_regclass('rota_core.' || t.name), null, format('%s is there ahead of time', t.name))
from unnest('{log_p20251229,finished_run_p20260126,attempt_p20260119}'::text[]) as t (name);

select * from finish();
rollback;
