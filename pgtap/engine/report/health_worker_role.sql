begin;
select plan(11);

-- given: the role as deploy leaves it
select lives_ok(
  format('alter role rota_worker in database %I set statement_timeout = 0', current_database()),
  'given: no timeout here'
);

-- who may call it
select function_privs_are(
  'rota_core', 'health_worker_role', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(test.health('login of rota_worker'), 'ok: it may log in', 'it may log in');
select is(test.health('timeout of rota_worker'), 'ok: none', 'it has no timeout');

select is(test.health('role of workers'), 'ok: all act as rota_worker', 'nobody else works');
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values
  (-1, 'worker', 'default', 11, 'rota_worker', clock_timestamp(), clock_timestamp()),
  (-2, 'worker', 'default', 12, 'somebody', clock_timestamp(), clock_timestamp()),
  (-3, 'worker', 'default', 13, 'long_gone', 'epoch', 'epoch'),
  (-4, 'external', 'default', 14, 'a_client', clock_timestamp(), clock_timestamp());
select is(
  test.health('role of workers'),
  'warning: workers act as others, and handlers with their rights: somebody (pid 12)',
  'whoever works as another role is named'
);

alter role rota_worker set statement_timeout = '2min';
select is(
  test.health('timeout of rota_worker'), 'ok: none',
  'a timeout of the role is overruled by the setting for this database'
);

select lives_ok(
  format('alter role rota_worker in database %I reset statement_timeout', current_database()),
  'given: the setting is gone'
);
select is(
  test.health('timeout of rota_worker'),
  'warning: statement_timeout = 2min counts from a worker''s start and cancels innocent handlers',
  'then the timeout of the role counts'
);

alter role rota_worker connection limit 1;
select is(
  test.health('login of rota_worker'),
  'critical: rota_worker may have 1 connections, too few for its workers', 'too few connections'
);

alter role rota_worker nologin;
select is(
  test.health('login of rota_worker'),
  'critical: rota_worker may not log in, so no worker starts', 'no login'
);

select * from finish();
rollback;
