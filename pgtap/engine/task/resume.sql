begin;
select plan(11);

-- given: a still clock, what is paused, and a run queued meanwhile
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('report', 'test.f');
select rota.define_schedule('nightly', '0 3 * * *', task => 'report');
select rota.pause('task', 'report');
select rota.pause('lane', 'default');
select rota.pause('schedule', 'nightly');
update rota_core.schedule set next_at = '2026-01-01 03:00+00';
select rota.start('report');

select is(
  test.callers('rota.resume'), '{rota_admin}', 'an administrator may resume, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.resume(''everything'', ''report'')'),
  '22023 kind ''everything'' cannot be paused; Kinds are task, schedule, lane and subscription.',
  'an unknown kind is refused'
);
select is(
  test.refusal('select rota.resume(''task'', ''nightly'')'),
  '42704 task ''nightly'' does not exist; See what exists: select name from rota.tasks;',
  'an unknown name is refused'
);

-- the deed
select lives_ok('select rota.resume(''task'', ''report'')', 'a task goes on');
select lives_ok('select rota.resume(''task'', ''report'')', 'twice is harmless');
select lives_ok('select rota.resume(''lane'', ''default'')', 'a lane goes on');
select lives_ok('select rota.resume(''schedule'', ''nightly'')', 'a schedule goes on');
reset role;
select is_empty('select from rota_core.pause', 'nothing is paused any more');
select results_eq(
  'select r.limited, r.state from rota_core.run as r', $$values (false, 'queued')$$,
  'the run that waited is among the others again'
);
select results_eq(
  'select s.slot, s.outcome from rota.slots as s',
  $$values (timestamptz '2026-01-01 03:00+00', 'skipped')$$,
  'the slot that passed in the pause is recorded as skipped'
);
select results_eq(
  'select s.next_at from rota_core.schedule as s',
  $$values (timestamptz '2026-01-02 03:00+00')$$,
  'and the next one is counted from now'
);

select * from finish();
rollback;
