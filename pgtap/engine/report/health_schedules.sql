begin;
select plan(7);

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

select * from finish();
rollback;
