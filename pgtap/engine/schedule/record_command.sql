begin;
select plan(9);
set local time zone 'UTC';

-- given: a still clock
select test.set_clock('2026-01-01 12:10+00');
create function pg_temp.record(
  status text, message text, started_at timestamptz, finished_at timestamptz
)
returns bigint language sql as $$
  select rota_core.record_command(
    'tidy', '2026-01-01 12:05+00', 'vacuum', status, message, started_at, finished_at
  )
$$;

select ok(
  not has_function_privilege('public', 'rota_core.record_command'::regproc, 'execute'),
  'it is internal'
);

-- the deed
select isnt(
  pg_temp.record('succeeded', 'VACUUM', '2026-01-01 12:05:01+00', '2026-01-01 12:06+00'), null,
  'it returns the run'
);
select pg_temp.record('failed', 'ERROR:  no', '2026-01-01 12:07+00', '2026-01-01 12:08+00');
select pg_temp.record('failed', 'connection failed', null, null);
select pg_temp.record('connecting', 'pg_cron did not start it', null, null);

select results_eq(
  $$select r.task, r.lane, r.state, r.origin, r.input, r.output, r.error
    from rota.runs as r order by r.run_id$$,
  $$values
    ('tidy', 'pg_cron', 'succeeded', 'schedule:tidy', '{"command": "vacuum"}'::jsonb,
      '{"message": "VACUUM"}'::jsonb, null::jsonb),
    ('tidy', 'pg_cron', 'failed', 'schedule:tidy', '{"command": "vacuum"}', null,
      '{"message": "no"}'),
    ('tidy', 'pg_cron', 'failed', 'schedule:tidy', '{"command": "vacuum"}', null,
      '{"message": "connection failed"}'),
    ('tidy', 'pg_cron', 'failed', 'schedule:tidy', '{"command": "vacuum"}', null,
      '{"message": "pg_cron did not start it"}')$$,
  'each is a finished run'
);
select results_eq(
  'select r.started_at, r.finished_at from rota.runs as r order by r.run_id limit 3',
  $$values
    (timestamptz '2026-01-01 12:05:01+00', timestamptz '2026-01-01 12:06+00'),
    ('2026-01-01 12:07+00', '2026-01-01 12:08+00'),
    (null, '2026-01-01 12:10+00')$$,
  'with the times of pg_cron, or now'
);
select results_eq(
  'select a.outcome, a.charged, a.error from rota.attempts as a order by a.run_id limit 2',
  $$values ('succeeded', true, null::jsonb), ('failed', true, '{"message": "no"}')$$,
  'and one attempt'
);
select results_eq(
  $$select s.schedule, s.slot, s.outcome, s.fired_at, s.fired_by,
      s.run_id = (select min(r.run_id) from rota.runs as r)
    from rota.slots as s$$,
  $$values ('tidy', timestamptz '2026-01-01 12:05+00', 'started',
    timestamptz '2026-01-01 12:05:01+00', 'pg_cron', true)$$,
  'the slot is there once, and names the first'
);
select is(
  (select count(distinct r.run_id) from rota.runs as r), 4::bigint,
  'each has a number of its own'
);
select is(
  nextval(pg_get_serial_sequence('rota_core.run', 'run_id')),
  (select max(r.run_id) + 1 from rota.runs as r), 'from the same row as all runs'
);
set local role rota_admin;
select throws_ok(
  format(
    'select rota.retry(%s)', (select min(r.run_id) from rota.runs as r where r.state = 'failed')
  ),
  'RT001', null, 'it cannot be retried'
);
reset role;

select * from finish();
rollback;
