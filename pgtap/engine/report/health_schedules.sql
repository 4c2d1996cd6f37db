begin;
select plan(9);

-- given: a still clock, a schedule that is late
select test.set_clock('2026-01-01 12:00+00');
set local timezone = 'UTC';
select rota.define_task('work', 'test.f');
select rota.define_schedule('work', '0 3 * * *');

-- who may call it
select function_privs_are(
  'rota_core', 'health_schedules', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(test.health('schedules'), 'ok: 1 schedules, none is late', 'it fires tomorrow');
update rota_core.schedule set next_at = '2026-01-01 11:58+00';
select is(
  test.health('schedules'), 'critical: late: work since 2026-01-01 11:58:00+00', 'it is late'
);
select is(test.health('paused'), 'ok: nothing', 'nothing stands still');

select rota.pause('schedule', 'work', until => '2026-01-02 00:00+00');
select is(
  test.health('schedules'), 'ok: 1 schedules, none is late', 'a paused schedule is not late'
);
select is(
  test.health('paused'), 'ok: schedule work until 2026-01-02 00:00:00+00', 'but it is mentioned'
);
update rota_core.pause set until = '2026-01-01 11:00+00';
select matches(test.health('schedules'), '^critical: late', 'a pause that is over is none');

select is(test.health('deadlines'), 'ok: 0 schedules have one, none is missed', 'no deadline');
insert into rota_core.missed_deadline (
  schedule, slot, due_at, last_success_at, opened_at, closed_at
)
values
  ('work', '2026-01-01 03:00+00', '2026-01-01 04:00+00', '2025-12-31 03:05+00', 'epoch', null),
  ('play', '2026-01-01 03:00+00', '2026-01-01 04:00+00', null, 'epoch', null),
  ('rest', '2026-01-01 03:00+00', '2026-01-01 04:00+00', null, 'epoch', 'epoch');
select is(
  test.health('deadlines'),
  'critical: play has never succeeded, work has not succeeded since 2025-12-31 03:05:00 UTC',
  'deadlines that are missed and not made up for'
);

select * from finish();
rollback;
