begin;
select plan(9);

-- given: a still clock, a schedule that is late
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;
set local timezone = 'UTC';
create schema app;
create function app.work() returns void language sql as '';
select rota.define_task('work', 'app.work');
select rota.define_schedule('work', '0 3 * * *');

create function pg_temp.said(check_name text) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail)
  from rota_core.health_schedules() as h
  where h.check_name = said.check_name
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_schedules', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(pg_temp.said('schedules'), 'ok: 1 schedules, none is late', 'it fires tomorrow');
update rota_core.schedule set next_at = '2026-01-01 11:58+00';
select is(
  pg_temp.said('schedules'), 'critical: late: work since 2026-01-01 11:58:00+00', 'it is late'
);
select is(pg_temp.said('paused'), 'ok: nothing', 'nothing stands still');

select rota.pause('schedule', 'work', until => '2026-01-02 00:00+00');
select is(
  pg_temp.said('schedules'), 'ok: 1 schedules, none is late', 'a paused schedule is not late'
);
select is(
  pg_temp.said('paused'), 'ok: schedule work until 2026-01-02 00:00:00+00', 'but it is mentioned'
);
update rota_core.pause set until = '2026-01-01 11:00+00';
select matches(pg_temp.said('schedules'), '^critical: late', 'a pause that is over is none');

select is(pg_temp.said('deadlines'), 'ok: 0 schedules have one, none is missed', 'no deadline');
insert into rota_core.missed_deadline (
  schedule, slot, due_at, last_success_at, opened_at, closed_at
)
values
  ('work', '2026-01-01 03:00+00', '2026-01-01 04:00+00', '2025-12-31 03:05+00', 'epoch', null),
  ('play', '2026-01-01 03:00+00', '2026-01-01 04:00+00', null, 'epoch', null),
  ('rest', '2026-01-01 03:00+00', '2026-01-01 04:00+00', null, 'epoch', 'epoch');
select is(
  pg_temp.said('deadlines'),
  'critical: play has never succeeded, work has not succeeded since 2025-12-31 03:05:00 UTC',
  'deadlines that are missed and not made up for'
);

select * from finish();
rollback;
