begin;
select plan(14);

-- given: a still clock, runs that wait, have ended, have not begun
select test.set_clock('2026-01-01 12:00+00');
alter table rota_core.run alter column run_id restart with 1;
select rota.define_task('echo', 'test.echo');
create role rota_test_shop nologin;
create role rota_test_blog nologin;
grant rota_app to rota_test_shop, rota_test_blog;
select rota.define_pipeline('gate', array[
  rota.step('approval', wait_for => 'approved'), rota.step('go', 'echo', '{approval}')]);
set local role rota_test_shop;
select rota.start('gate', '{"n": 1}') from generate_series(1, 3);
select rota.start('echo');
reset role;
update rota_core.run as r set run_at = '2026-01-01 18:00+00' where r.run_id in (2, 3);
select test.work();

select is(
  test.callers('rota.signal'), '{rota_admin,rota_app}',
  'applications and administrators may send signals, and nobody else'
);

select results_eq(
  'select s.state, s.waits_for from rota.pipeline_steps as s order by s.ordinal',
  $$values ('waiting', 'approved'), ('waiting', null)$$,
  'a step waits for its signal, and the others for it'
);

-- refusals
set local role rota_test_blog;
select throws_ok(
  $$select rota.signal(1, 'approved')$$, '42501', 'run 1 was started by rota_test_shop',
  'the run of another application is refused'
);
set local role rota_test_shop;
select throws_ok(
  $$select rota.signal(404, 'approved')$$, '42704', 'run 404 does not exist',
  'an unknown run is refused'
);
select is(
  test.refusal($$select rota.signal(1, 'aproved')$$),
  '22023 no step of run 1 of gate waits for signal ''aproved''; It waits for: approved.',
  'a signal that no step waits for is refused'
);
select is(
  test.refusal($$select rota.signal(4, 'approved')$$),
  '22023 no step of run 4 of echo waits for signal ''approved''; '
  'A step waits with wait_for: rota.step(''approval'', wait_for => ''approved'').',
  'a task without steps takes none'
);
select is(
  test.refusal($$select rota.signal(1, 'approved', null)$$),
  '22023 payload must not be null; Leave it out, or send an object.', 'null is no payload'
);

-- the deed
select ok(rota.signal(1, 'approved', '{"by": "Ada"}'), 'a signal is taken');
select ok(not rota.signal(1, 'approved', '{"by": "Eve"}'), 'the first of its name');
select ok(rota.signal(2, 'approved'), 'also before the run has begun');
reset role;
select test.work();
select is(
  (select r.output from rota.runs as r where r.run_id = 1),
  '{"go": {"run": {"n": 1}, "approval": {"by": "Ada"}}}', 'the payload is handed on'
);
update rota_core.run as r set run_at = 'epoch' where r.run_id = 2;
select test.work();
select is(
  (select r.state from rota.runs as r where r.run_id = 2), 'succeeded',
  'one that came early is not waited for'
);
select is(
  test.refusal($$select rota.signal(1, 'approved')$$),
  'RT001 run 1 has ended and takes no signal; '
  'See how: select * from rota.runs where run_id = 1;',
  'a run that has ended takes none'
);
select rota.cancel(3);
select throws_ok(
  $$select rota.signal(3, 'approved')$$, 'RT001', 'run 3 has ended and takes no signal',
  'nor does one that was cancelled before it began'
);

select * from finish();
rollback;
