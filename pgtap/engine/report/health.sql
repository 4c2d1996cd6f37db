begin;
select plan(9);

-- given: a still clock
select test.set_clock('2026-01-01 12:00+00');

-- who may see it
select table_privs_are(
  'rota', 'health', 'rota_reader', array['SELECT'], 'a reader may see it'
);
select table_privs_are(
  'rota', 'health', 'rota_admin', array['SELECT'], 'an administrator may see it'
);
select table_privs_are(
  'rota', 'health', 'rota_app', array[]::text[], 'an application may not'
);
select ok(
  not has_table_privilege('public', 'rota.health', 'SELECT'), 'nobody else may'
);

set local role rota_app;
select throws_ok(
  'select * from rota.health', '42501', 'permission denied for view health',
  'whoever may not is refused'
);

set local role rota_reader;
select is_empty(
  $$select h.check_name, h.status from rota.health as h
    where h.status not in ('ok', 'warning', 'critical', 'no rights')
      or h.check_name is null or h.detail is null$$,
  'each row says what was checked, and one of four words about it'
);
select is_empty(
  $$select h.check_name from rota.health as h
    where h.status in ('warning', 'critical') and h.hint is null and h.check_name <> 'supervisor'
      and h.check_name not like 'lane %'$$,
  'what is wrong comes with something to type'
);
select is_empty(
  $$select h.check_name from rota.health as h group by h.check_name having count(*) > 1$$,
  'nothing is checked twice'
);
select set_eq(
  $$select h.check_name from rota.health as h where h.check_name not like 'pg_cron %'$$,
  array[
    'pg_cron', 'login of rota_worker', 'timeout of rota_worker', 'role of workers', 'supervisor',
    'lane default', 'upgrade', 'partitions', 'tasks', 'schedules', 'deadlines', 'paused',
    'failed runs', 'waiting runs', 'event log', 'dead letters', 'events tried again',
    'watches', 'watch filters', 'restored log', 'writes', 'sight of workers', 'free connections'
  ],
  'a fresh engine is checked in each respect'
);

select * from finish();
rollback;
