begin;
select plan(17);

-- given: a still clock, a task, a lane and a schedule
select test.set_clock('2026-01-01 12:00+00');
select rota.define_task('report', 'test.f');
select rota.define_lane('batch');
select rota.define_schedule('nightly', '0 3 * * *', task => 'report');
select rota.start('report');

select is(
  test.callers('rota.pause'), '{rota_admin}', 'an administrator may pause, and nobody else'
);

set local role rota_admin;

-- refusals
select is(
  test.refusal('select rota.pause(''worker'', ''report'')'),
  '22023 kind ''worker'' cannot be paused; Kinds are task, schedule, lane and subscription.',
  'an unknown kind is refused'
);
select throws_ok(
  'select rota.pause(null, ''report'')', '22023', 'kind NULL cannot be paused', 'so is none'
);
select is(
  test.refusal(format('select rota.pause(%L, ''x''''; drop'')', k.kind)),
  format('42704 %s ''x''''; drop'' does not exist; See what exists: %s;', k.kind, k.hint),
  format('an unknown %s is refused', k.kind)
)
from (
  values
  ('task', 'select name from rota.tasks'),
  ('schedule', 'select name from rota.schedules'),
  ('lane', 'select distinct lane from rota.tasks')
) as k (kind, hint);
reset role;
select is_empty('select from rota_core.pause', 'after the refusals nothing is paused');

-- the deed
set local role rota_admin;
select lives_ok(
  $$select rota.pause('task', 'report', reason => 'the printer is broken')$$, 'a task is paused'
);
select lives_ok(
  $$select rota.pause('lane', 'batch', until => '2026-01-01 13:00+00')$$, 'a lane for an hour'
);
select lives_ok($$select rota.pause('schedule', 'nightly')$$, 'a schedule');
reset role;
select results_eq(
  $$select p.kind, p.name, p.until, p.reason, p.paused_at, p.paused_by = 'rota_admin'
    from rota_core.pause as p order by p.kind$$,
  $$values
    ('lane', 'batch', timestamptz '2026-01-01 13:00+00', null,
      timestamptz '2026-01-01 12:00+00', true),
    ('schedule', 'nightly', null, null, timestamptz '2026-01-01 12:00+00', true),
    ('task', 'report', null, 'the printer is broken', timestamptz '2026-01-01 12:00+00', true)$$,
  'all of it is on record'
);
select results_eq(
  'select t.paused, t.paused_until, t.pause_reason from rota.tasks as t',
  $$values (true, null::timestamptz, 'the printer is broken')$$,
  'the view of tasks shows it'
);
select results_eq(
  'select r.limited, r.state from rota_core.run as r', $$values (true, 'queued')$$,
  'its queued run is out of the way of the others'
);
select results_eq(
  'select s.is_new, s.state from rota.start(''report'') as s', $$values (true, 'queued')$$,
  'a start is queued'
);

-- again, and past its end
set local role rota_admin;
select rota.pause('task', 'report', until => '2026-01-01 11:59+00');
reset role;
select results_eq(
  'select t.paused, t.pause_reason from rota.tasks as t', 'values (false, null::text)',
  'pausing again replaces until and reason; past its end a pause is none'
);
select is(rota_core.paused_tasks(rota_core.wall_clock()), '{}', 'for the workers as well');
select is(
  rota_core.paused_tasks('2026-01-01 11:58+00'), '{report}', 'until then it holds them back'
);

select * from finish();
rollback;
