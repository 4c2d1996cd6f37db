begin;
select plan(9);

-- given: what the database knows is an argument
create function pg_temp.said(check_name text, facts jsonb) returns text language sql as $$
  select concat_ws(': ', h.status, h.detail)
  from rota_core.health_cron_server('{"version": "1.4-1", "wanted": 3}' || facts) as h
  where h.check_name = said.check_name
$$;

-- who may call it
select function_privs_are(
  'rota_core', 'health_cron_server', array['jsonb'], 'rota_admin', array['EXECUTE'],
  'an administrator may call it'
);
select function_privs_are(
  'rota_core', 'health_cron_server', array['jsonb'], 'public', array[]::text[], 'nobody else may'
);

set local role rota_reader;

-- the deed
select is_empty(
  $$select * from rota_core.health_cron_server('{"wanted": 3}')$$,
  'without pg_cron there is nothing to say'
);
select is(
  pg_temp.said('pg_cron mode', '{"use_background_workers": "on"}'),
  'critical: pg_cron 1.4 with background workers runs all jobs one after another',
  'the mode that serialises jobs is named'
);
select is(
  pg_temp.said('pg_cron mode', '{"use_background_workers": "on", "version": "1.6"}'),
  'ok: background workers', 'a newer pg_cron may use it'
);
select is(
  pg_temp.said('pg_cron slots', '{"max_running_jobs": "5"}'),
  'warning: 3 jobs are wanted and may take half of 5 slots', 'too few slots are named'
);
select is(
  pg_temp.said('pg_cron slots', '{"max_running_jobs": "6"}'), 'ok: 3 jobs of 6 slots', 'enough'
);
select is(
  pg_temp.said('pg_cron slots', '{"max_running_jobs": "1", "wanted": 3}'),
  'warning: 3 jobs are wanted and may take half of 1 slots', 'the smallest number there is'
);
select set_eq(
  $$select h.check_name, h.status
    from rota_core.health_cron_server('{"version": "1.6", "wanted": 3}') as h
    where h.check_name <> 'pg_cron launcher'$$,
  $$values ('pg_cron mode', 'no rights'), ('pg_cron slots', 'no rights')$$,
  'what cannot be read is never called well'
);

select * from finish();
rollback;
