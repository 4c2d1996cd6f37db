begin;
select plan(14);

-- given: what the database knows is an argument, so each case is a row
create function pg_temp.said(facts jsonb) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail) from rota_core.health_cron(facts) as h
$$;
create function pg_temp.hinted(facts jsonb) returns text language sql as $$
  select h.hint from rota_core.health_cron(facts) as h
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_cron', array['jsonb'], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);
select function_privs_are(
  'rota_core', 'health_cron', array['jsonb'], 'public', array[]::text[], 'nobody else may'
);
select function_privs_are(
  'rota_core', 'cron_facts', array[]::text[], 'rota_app', array[]::text[],
  'an application may not look at the jobs of the workers'
);
select function_owner_is(
  'rota_core', 'cron_facts', array[]::text[], 'rota_worker',
  'the jobs are looked at as the role that owns them'
);

set local role rota_reader;

-- the deed
select is(
  pg_temp.said('{"version": "1.6", "usage": true, "jobs": 3, "supervised": true}'),
  'ok: pg_cron 1.6, 3 jobs', 'pg_cron with jobs is well'
);
select is(
  pg_temp.said('{"version": "1.6", "usage": false, "owner": "postgres", "supervised": false}'),
  'critical: rota_worker may not schedule jobs, so nothing is started', 'missing rights are named'
);
select matches(
  pg_temp.hinted('{"version": "1.6", "usage": false, "owner": "postgres", "supervised": false}'),
  'As postgres: grant usage on schema cron to rota_worker;', 'and what gives them'
);
select is(
  pg_temp.said('{"version": "1.6", "usage": true, "jobs": 0, "supervised": false}'),
  'critical: rota_worker has no active job, so nothing is started', 'a lack of jobs is named'
);
select is(
  pg_temp.said(
    '{"version": "1.6", "usage": true, "jobs": 3, "supervised": false, "database_name": "other"}'
  ),
  'critical: its extension is in this database, but pg_cron works in database other, so nothing is '
  'started here',
  'an extension that was left behind starts nothing'
);
select is(
  pg_temp.said(
    '{"version": "1.6", "usage": true, "jobs": 3, "supervised": true, "database_name": "other"}'
  ),
  'ok: pg_cron 1.6, 3 jobs', 'unless somebody supervises without it'
);
select is(
  pg_temp.said('{"supervised": true}'),
  'ok: pg_cron is not in this database; workers run without it',
  'without pg_cron all is well as long as somebody supervises'
);
select is(
  pg_temp.said('{"supervised": false}'),
  'critical: pg_cron is not in this database', 'pg_cron is missing, and nobody supervises'
);
select is(
  pg_temp.said('{"supervised": false, "database_name": "elsewhere"}'),
  'critical: pg_cron lives in database elsewhere, not in this one', 'pg_cron is in another database'
);
select is(
  pg_temp.said(jsonb_build_object('supervised', false, 'database_name', current_database())),
  'critical: pg_cron is loaded, but its extension is missing in this database',
  'the extension is missing'
);

select * from finish();
rollback;
