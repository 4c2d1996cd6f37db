begin;
select plan(10);

-- given: a still clock, the last deploy an hour ago
select test.set_clock('2026-01-01 12:00+00');
update rota_core.deploy set deployed_at = '2026-01-01 11:00+00';
set local timezone = 'UTC';

-- who may call it
select function_privs_are(
  'rota_core', 'health_workers', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);
select function_privs_are(
  'rota_core', 'health_workers', array[]::text[], 'public', array[]::text[], 'nobody else may'
);

-- the deed
select is(
  test.health('supervisor'), 'critical: no supervisor was ever seen', 'nobody supervises'
);

update rota_core.deploy set deployed_at = '2026-01-01 11:59+00';
select is(
  test.health('supervisor'), 'warning: no supervisor was ever seen',
  'just after a deploy that is only to be expected'
);
update rota_core.deploy set deployed_at = '2026-01-01 11:00+00';

insert into rota_core.worker (kind, lane, pid, role, started_at, seen_at, ended_at, outcome)
values
  ('supervisor', null, 0, 'rota_worker', '2026-01-01 11:58+00', '2026-01-01 11:59:30+00',
    '2026-01-01 11:59:30+00', 'ended'),
  ('worker', 'default', 0, 'rota_worker', '2026-01-01 11:57+00', '2026-01-01 11:58+00',
    '2026-01-01 11:58+00', 'ended');
insert into rota_core.lane (lane, workers, created_at)
values ('unmanned', 0, '2026-01-01'), ('slow', 1, '2026-01-01');

select is(
  test.health('supervisor'), 'ok: a supervisor was seen 00:00:30 ago', 'within a minute is well'
);
select is(
  test.health('lane default'), 'critical: no worker was seen since 2026-01-01 11:58:00+00',
  'a worker that was seen two minutes ago is missed'
);
select is(test.health('lane slow'), 'critical: no worker was ever seen', 'in each lane');
select is(test.health('lane unmanned'), null, 'but not where none is wanted');

insert into rota_core.pause (kind, name, paused_at, paused_by)
values ('lane', 'slow', '2026-01-01', 'postgres');
select is(test.health('lane slow'), null, 'nor where the lane is paused');

insert into rota_core.setting (name, value) values ('draining', '2026-01-01 12:05+00');
select is(
  test.health('lane default'), 'warning: away while the engine is upgraded', 'nor in an upgrade'
);

select * from finish();
rollback;
