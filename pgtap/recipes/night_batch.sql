begin;
select plan(33);

-- the house's rules hold for the recipe too
create temp view its_function as
select
  p.oid,
  p.oid::regprocedure::text as signature,
  p.proconfig,
  p.prosecdef
from pg_catalog.pg_proc as p
where p.pronamespace = 'night_batch'::regnamespace
  or p.oid = 'public.run_night_batch_processing(date)'::regprocedure;

select cmp_ok(
  (select count(*) from its_function), '>', 10::bigint,
  'there are functions to look at'
);
select is_empty(
  $$select f.signature from its_function as f
    where not 'search_path=pg_catalog, pg_temp' = any(coalesce(f.proconfig, '{}'))$$,
  'search_path is pinned to pg_catalog, pg_temp'
);
select is_empty(
  $$select f.signature from its_function as f
    where has_function_privilege('public', f.oid, 'execute')$$,
  'no function is open to public'
);
select is_empty(
  $$select f.signature from its_function as f where obj_description(f.oid, 'pg_proc') is null$$,
  'each function has a comment'
);
select results_eq(
  $$select f.signature from its_function as f where f.prosecdef$$,
  $$values ('run_night_batch_processing(date)')$$,
  'one function alone lends its rights'
);
select case
  when to_regnamespace('plpgsql_check') is null
    then skip('plpgsql_check is not installed', 1)
  else is_empty(
    $$select f.signature, plpgsql_check.plpgsql_check_function(f.oid)
      from its_function as f
      join pg_catalog.pg_proc as p on p.oid = f.oid
      join pg_catalog.pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'$$,
    'plpgsql_check finds nothing'
  )
end;

-- public.run_night_batch_processing: who may call it
select function_privs_are(
  'public', 'run_night_batch_processing', array['date'], 'rota_app', array['EXECUTE'],
  'an application may start the night batch'
);
select function_privs_are(
  'public', 'run_night_batch_processing', array['date'], 'rota_admin', array['EXECUTE'],
  'an administrator may'
);
select function_privs_are(
  'public', 'run_night_batch_processing', array['date'], 'rota_reader', array[]::text[],
  'a reader may not'
);
select function_privs_are(
  'night_batch', 'archive_notifications', array['jsonb', 'jsonb'], 'rota_app', array[]::text[],
  'nor may an application call a chunk by itself'
);
select function_privs_are(
  'night_batch', 'archive_notifications', array['jsonb', 'jsonb'], 'night_batch', array['EXECUTE'],
  'only the role of the batch may'
);

-- its definition
select results_eq(
  $$select s.step ->> 'name', t.kind, t.run_as, t.lane
    from rota.pipelines as p
    cross join jsonb_array_elements(p.steps) as s (step)
    join rota.tasks as t on t.name = s.step ->> 'task'
    where p.name = 'night-batch'$$,
  $$values
    ('begin', 'call', 'night_batch', 'batch'), ('statistics', 'call', 'night_batch', 'batch'),
    ('sessions', 'chunked', 'night_batch', 'batch'),
    ('archiving', 'chunked', 'night_batch', 'batch'), ('report', 'call', 'night_batch', 'batch')$$,
  'each step has the rights of the batch, in a lane of its own'
);
select results_eq(
  $$select s.cron, s.timezone, s.task from rota.schedules as s where s.name = 'night-batch'$$,
  $$values ('0 3 * * *', 'UTC', 'night-batch-start')$$,
  'it is due at 03:00'
);
select is_empty(
  $$select k.key from unnest('{goals,scope,excluded,success_measures}'::text[]) as k (key)
    cross join rota.tasks as t
    where t.name like 'night-batch%' and not t.doc ? k.key$$,
  'goals, scope, what is excluded and success measures are written down'
);
select lives_ok(
  (
    select string_agg(m.measure ->> 'query', ';')
    from rota.tasks as t
    cross join jsonb_array_elements(t.doc -> 'success_measures') as m (measure)
    where t.name = 'night-batch'
  ),
  'the business queries of the success measures run'
);

set local role rota_app;

-- refusals
select throws_ok(
  'select * from public.run_night_batch_processing(null)', '22023',
  'the day of a night batch is null', 'no day is refused'
);
select throws_ok(
  $$select * from public.run_night_batch_processing((now() at time zone 'UTC')::date)$$, '22023',
  format('day %s is not over yet (UTC)', (now() at time zone 'UTC')::date),
  'a day that is not over is refused'
);

-- the deed
select is(
  (select r.is_new from public.run_night_batch_processing('2026-01-14') as r), true,
  'the first call for a day starts a run'
);
select is(
  (select r.is_new from public.run_night_batch_processing('2026-01-14') as r), false,
  'the second does not'
);
select is(
  (select count(distinct r.run_id) from generate_series(1, 3),
    lateral public.run_night_batch_processing('2026-01-14') as r), 1::bigint,
  'and returns the same run'
);
select is(
  (select r.is_new from public.run_night_batch_processing('2026-01-13') as r), true,
  'another day is another run'
);
select isnt(
  (select r.run_id from public.run_night_batch_processing() as r), null,
  'yesterday is the default'
);

reset role;
select results_eq(
  $$select r.input, r.key from rota.runs as r where r.key = 'night-batch:2026-01-14'$$,
  $$values ('{"day": "2026-01-14"}'::jsonb, 'night-batch:2026-01-14')$$,
  'the day is the key'
);
select is(
  night_batch.start_yesterday() ->> 'is_new', 'false',
  'the scheduled start finds the run that a call for the day began'
);

-- the chunks
select is(night_batch.pace(64, '50 ms'), 64, 'a chunk of the right length is repeated');
select is(night_batch.pace(64, '1 ms'), 128, 'a short one is doubled, not more');
select is(night_batch.pace(64, '10 s'), 32, 'a long one is halved, not more');
select is(night_batch.pace(1024, '0'), 1024, 'there is a largest chunk');
select is(night_batch.pace(16, '10 s'), 16, 'and a smallest');

set local time zone 'Pacific/Apia';
select results_eq(
  $$select s.state ->> 'day', (s.state ->> 'at')::timestamptz, (s.state ->> 'cutoff')::timestamptz
    from night_batch.begin_run('{"run": {"now": "2026-03-31T00:30:00Z"}}') as s (state)$$,
  $$values ('2026-03-30', timestamptz '2026-03-31 00:30Z', timestamptz '2026-03-01 00:30Z')$$,
  'day and cutoff are counted in UTC, whatever the session''s time zone'
);
select is(
  night_batch.archive_notifications('{"begin": {"cutoff": "2026-01-15T03:00:00Z"}}', null)
    #>> '{state,archived}', '0',
  'the first chunk of archiving only looks how much is due'
);
select throws_ok(
  $$select night_batch.begin_run('{"run": {"keep": "soon"}}')$$, '22007', null,
  'input of the wrong shape is an error'
);
select throws_ok(
  'select night_batch.confirm_moved(3, 2)', '23000', '3 notifications were deleted but 2 archived',
  'a chunk whose counts differ fails'
);

select * from finish();
rollback;
