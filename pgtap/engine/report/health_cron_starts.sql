begin;
select plan(11);

-- given: what the database knows is an argument
create function pg_temp.said(check_name text, facts jsonb) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail)
  from rota_core.health_cron_starts(
    '{"version": "1.4-1", "wanted": 3, "supervised": false}' || facts
  ) as h
  where h.check_name = said.check_name
$$;
create function pg_temp.hinted(facts jsonb) returns text language sql as $$
  select h.hint
  from rota_core.health_cron_starts(
    '{"version": "1.4-1", "wanted": 3, "supervised": false, "last_status": "failed",
      "last_started": false, "last_message": "connection failed"}' || facts
  ) as h
  where h.check_name = 'pg_cron starts'
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_cron_starts', array['jsonb'], 'rota_reader', array['EXECUTE'],
  'a reader may call it'
);
select function_privs_are(
  'rota_core', 'health_cron_starts', array['jsonb'], 'public', array[]::text[], 'nobody else may'
);

set local role rota_reader;

-- the deed
select is_empty(
  $$select * from rota_core.health_cron_starts('{"wanted": 3}')$$,
  'without pg_cron there is nothing to say'
);
select is(
  pg_temp.said('pg_cron starts', '{}'), 'ok: no job of rota was started yet', 'no history'
);
select is(
  pg_temp.said('pg_cron starts', '{"last_status": "running", "last_started": true}'),
  'ok: the last job of rota was started', 'a job that runs'
);
select is(
  pg_temp.said(
    'pg_cron starts',
    '{"last_status": "failed", "last_started": true, "last_message": "ERROR: no milk"}'
  ),
  'warning: the last job of rota ended with: ERROR: no milk', 'a job that was started and failed'
);
select is(
  pg_temp.said(
    'pg_cron starts',
    '{"last_status": "failed", "last_started": false, "last_message": "connection failed"}'
  ),
  'critical: pg_cron could not start the last job of rota: connection failed',
  'a job that could not be started'
);
select matches(
  pg_temp.hinted('{"use_background_workers": "off"}'), 'cron\.host.*pg_hba\.conf.*\.pgpass',
  'which ways there are to let it in'
);
select matches(
  pg_temp.hinted('{"use_background_workers": "on"}'), 'max_worker_processes',
  'background workers have a trap of their own'
);
select is(
  pg_temp.said('pg_cron processes', '{"use_background_workers": "on", "wanted": 30000}'),
  format('warning: 30000 jobs are wanted, and max_worker_processes is %s',
    current_setting('max_worker_processes')),
  'too few background workers are named'
);
select is(
  pg_temp.said('pg_cron processes', '{"use_background_workers": "off"}'), null,
  'connections need none'
);

select * from finish();
rollback;
