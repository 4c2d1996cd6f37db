begin;
select plan(8);

-- given: the partitions that deploy made
set local timezone = 'Asia/Kolkata';

-- who may call it
select function_privs_are(
  'rota_core', 'health_engine', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(test.health('upgrade'), 'ok: none under way', 'no upgrade');
select is(test.health('partitions'), 'ok: made ahead', 'partitions are there');

insert into rota_core.log (at, level, message, context) values ('1999-01-01', 'info', 'old', '{}');
select is(
  test.health('partitions'), 'warning: rows in the default partition of log',
  'rows that found no partition are noticed'
);

insert into rota_core.setting (name, value) values ('draining', 'infinity');
select matches(
  test.health('upgrade'), '^warning: workers stay away until infinity', 'an upgrade is noticed'
);
select is(rota_core.setting('draining'), 'true', 'and seen by the workers');
update rota_core.setting set value = '2001-01-01' where name = 'draining';
select is(test.health('upgrade'), 'ok: none under way', 'one that is over is none');

select test.set_clock('2126-01-01 12:00+00');
select is(
  test.health('partitions'),
  'critical: none is ready for tomorrow in attempt, event, finished_run, log',
  'partitions that were not made ahead are noticed'
);

select * from finish();
rollback;
