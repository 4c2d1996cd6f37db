begin;
select plan(12);

-- given: a clock that can be set, and runs that were started with keys
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('charge', 'test.f');
select rota.define_task('refund', 'test.f');
create temp table first as select s.* from rota.start('charge', key => 'order-1') as s;
grant select on first to public;

select is(test.callers('rota_core.claim_key'), '{}', 'it is internal');

-- a known key
set local role rota_app;
select results_eq(
  $$select s.* from rota.start('charge', '{"other": 1}', key => 'order-1') as s$$,
  $$select f.run_id, false, 'queued' from pg_temp.first as f$$,
  'the second start with a key returns the first run'
);
select results_eq(
  $$select s.is_new from rota.start('charge', key => 'order-2') as s
    union all
    select s.is_new from rota.start('refund', key => 'order-1') as s$$,
  'values (true), (true)',
  'another key, or the key of another task, is new'
);
reset role;

-- after the run
select rota_core.finish_runs(array(select f.run_id from first as f), 'queued', 'failed');
set local role rota_app;
select results_eq(
  $$select s.* from rota.start('charge', key => 'order-1') as s$$,
  $$select f.run_id, false, 'failed' from pg_temp.first as f$$,
  'also when it has long ended'
);
select results_eq(
  $$select s.* from rota.start('charge', key => 'order-1', on_key => 'retry_failed') as s$$,
  $$select f.run_id, false, 'queued' from pg_temp.first as f$$,
  'when told so, a failed run is queued again'
);
reset role;
select results_eq(
  $$select r.state, r.key, r.charged from rota_core.run as r, first as f
    where r.run_id = f.run_id$$,
  $$values ('queued', 'order-1', 0)$$,
  'with a fresh count of attempts'
);

-- after the key's time
select test.pass('91 days');
set local role rota_app;
select results_eq(
  $$select s.is_new from rota.start('charge', key => 'order-1') as s$$, 'values (false)',
  'a key holds while its run is live, however old'
);
reset role;
select rota_core.finish_runs(array(select f.run_id from first as f), 'queued', 'cancelled');
set local role rota_app;
select results_eq(
  $$select s.is_new, s.run_id > f.run_id from rota.start('charge', key => 'order-1') as s,
      pg_temp.first as f$$,
  'values (true, true)',
  'then it is free again'
);
select results_eq(
  $$select s.is_new from rota.start('charge', key => 'order-1') as s$$, 'values (false)',
  'for the next run'
);
reset role;
select is_empty(
  'select from rota_core.run_key as k where k.run_id = 0', 'no key is left without its run'
);
select results_eq(
  $$select k.expires_at from rota_core.run_key as k where k.task = 'charge' and k.key = 'order-1'$$,
  $$values (timestamptz '2026-07-01 12:00+00')$$,
  'and its time begins anew'
);

-- a run that history no longer has
delete from rota_core.run as r using rota_core.run_key as k
where k.run_id = r.run_id and k.key = 'order-1';
set local role rota_app;
select results_eq(
  $$select s.is_new from rota.start('charge', key => 'order-1') as s$$, 'values (true)',
  'a key whose run is nowhere is free'
);

select * from finish();
rollback;
