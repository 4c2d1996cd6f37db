begin;
select plan(12);

-- given: what the database knows is an argument
create function pg_temp.said(facts jsonb) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail)
  from rota_core.health_cron_history('{"owner": "boss", "cron_keep": "7 days"}' || facts) as h
$$;
create function pg_temp.hinted(facts jsonb) returns text language sql as $$
  select h.hint from rota_core.health_cron_history('{"owner": "boss"}' || facts) as h
$$;

select is(
  array_remove(test.callers(('rota_core.' || f.name)::regproc), 'rota_worker'),
  '{rota_admin,rota_reader}', 'who looks at health may call it: ' || f.name
)
from unnest('{health_cron_history,health_cron_drift}'::text[]) as f (name);
select function_owner_is(
  'rota_core', 'health_cron_drift', array[]::text[], 'rota_worker',
  'the jobs are looked at as the role that owns them'
);

set local role rota_reader;
select is_empty('select * from rota_core.health_cron_drift()', 'without pg_cron, no jobs');
select is(pg_temp.said('{}'), null, 'nor a history');
select is(
  pg_temp.said('{"reads_history": false, "purges_history": true}'),
  'warning: rota_worker may not read cron.job_run_details: what becomes of the commands of '
  'schedules is not seen, and nothing is purged',
  'missing rights are named'
);
select is(
  pg_temp.hinted('{"reads_history": false, "purges_history": true}'),
  'As boss: grant select, delete on cron.job_run_details to rota_worker;', 'and what gives them'
);
select is(
  pg_temp.said('{"reads_history": true, "purges_history": false, "log_run": "on"}'),
  'warning: rota_worker may not delete in cron.job_run_details: it grows for ever',
  'the right to purge too'
);
select is(
  pg_temp.said('{"reads_history": true, "purges_history": true, "log_run": "off"}'),
  'warning: cron.log_run is off: what becomes of the commands of schedules is not seen',
  'pg_cron may keep no history'
);
select is(
  pg_temp.hinted('{"reads_history": true, "purges_history": true, "log_run": "off"}'),
  'alter system set cron.log_run = on; restart the server', 'which can be changed'
);
select is(
  pg_temp.said('{"reads_history": true, "purges_history": true, "log_run": "on"}'),
  'ok: read by rota, and kept for 7 days', 'all is well'
);
select is(
  pg_temp.said('{"reads_history": true, "purges_history": true}'),
  'ok: read by rota (cron.log_run cannot be read), and kept for 7 days',
  'what is not known is said'
);

select * from finish();
rollback;
