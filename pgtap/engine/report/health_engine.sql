begin;
select plan(8);

-- given: the partitions that deploy made
create function pg_temp.said(check_name text) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail)
  from rota_core.health_engine() as h
  where h.check_name = said.check_name
$$;
set local timezone = 'Asia/Kolkata';

-- who may call it
select function_privs_are(
  'rota_core', 'health_engine', array[]::text[], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);

-- the deed
select is(pg_temp.said('upgrade'), 'ok: none under way', 'no upgrade');
select is(pg_temp.said('partitions'), 'ok: made ahead', 'partitions are there');

insert into rota_core.log (at, level, message, context) values ('1999-01-01', 'info', 'old', '{}');
select is(
  pg_temp.said('partitions'), 'warning: rows in the default partition of log',
  'rows that found no partition are noticed'
);

insert into rota_core.setting (name, value) values ('draining', 'infinity');
select matches(
  pg_temp.said('upgrade'), '^warning: workers stay away until infinity', 'an upgrade is noticed'
);
select is(rota_core.setting('draining'), 'true', 'and seen by the workers');
update rota_core.setting set value = '2001-01-01' where name = 'draining';
select is(pg_temp.said('upgrade'), 'ok: none under way', 'one that is over is none');

create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2126-01-01 12:00+00' $$;
select is(
  pg_temp.said('partitions'),
  'critical: none is ready for tomorrow in attempt, event, finished_run, log',
  'partitions that were not made ahead are noticed'
);

select * from finish();
rollback;
