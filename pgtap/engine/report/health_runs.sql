begin;
select plan(7);

-- given: a still clock, runs that failed today and long ago
select test.set_clock('2026-01-01 12:00+00');
set local timezone = 'UTC';

create function pg_temp.ended(task text, state text, at timestamptz) returns void language sql as $$
  insert into rota_core.finished_run (
    run_id, task, lane, state, priority, run_at, input, attempt, charged, finished_at, created_at,
    created_by, tags
  )
  values (1, task, 'default', state, 0, at, '{}', 1, 1, at, at, 'postgres', '{}')
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_runs', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select pg_temp.ended('a', 'failed', '2025-12-30 12:00+00');
select pg_temp.ended('a', 'cancelled', '2026-01-01 11:00+00');
select pg_temp.ended('a', 'succeeded', '2026-01-01 11:00+00');
select is(test.health('failed runs'), 'ok: none within a day', 'what failed long ago is past');

select pg_temp.ended('a', 'failed', '2026-01-01 11:00+00');
select pg_temp.ended('b', 'failed', '2026-01-01 11:00+00');
select pg_temp.ended('b', 'failed', '2025-12-31 13:00+00');
select is(test.health('failed runs'), 'warning: within a day: b 2, a 1', 'by task, worst first');

select is(test.health('waiting runs'), 'ok: none is late', 'nothing waits');
insert into rota_core.run (task, lane, run_at, created_at, created_by)
values
  ('a', 'default', '2026-01-01 11:55+00', '2026-01-01', 'postgres'),
  ('a', 'default', '2026-01-01 13:00+00', '2026-01-01', 'postgres');
select is(test.health('waiting runs'), 'ok: none is late', 'five minutes are not long');
update rota_core.run set run_at = '2026-01-01 11:40+00' where run_at < '2026-01-01 12:00+00';
select is(
  test.health('waiting runs'), 'warning: the oldest is due since 2026-01-01 11:40:00+00',
  'twenty are'
);
insert into rota_core.pause (kind, name, paused_at, paused_by)
values ('task', 'a', '2026-01-01', 'postgres');
select is(test.health('waiting runs'), 'ok: none is late', 'paused ones do not count');

select * from finish();
rollback;
