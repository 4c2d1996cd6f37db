begin;
select plan(19);

-- given: a still clock, two workers, and what they run
select test.set_clock('2026-01-01 12:00+00');
select test.make_workers();
select rota.define_task('a', 'test.f', max_attempts => 3, initial_delay => '10 s');
select rota.define_task('picky', 'test.f', retry_on => '{sqlstate:40001}');
select test.running(n.n, 'a') from generate_series(1, 7) as n (n);
select test.running(8, 'picky');
select test.running(9, 'picky');

create function pg_temp.fail(run_id bigint, error text, attempt int default 1) returns text
language sql as $$
  select rota_core.record_failure(-1, test.outcome(run_id, null, error, attempt))::text;
  select coalesce(
    (select format('%s charged %s at %s', r.state, r.charged, r.run_at at time zone 'UTC')
      from rota_core.run as r where r.run_id = fail.run_id),
    (select format('%s charged %s', f.state, f.charged)
      from rota_core.finished_run as f where f.run_id = fail.run_id)
  );
$$;
create function pg_temp.claimed(run_id bigint, attempt int) returns void
language sql as $$
  update rota_core.run as r set state = 'running', worker_id = -1, attempt = claimed.attempt
  where r.run_id = claimed.run_id;
$$;

select is(test.callers('rota_core.settle_failure'), '{}', 'it is internal');

-- attempts
select is(
  pg_temp.fail(1, 'P0001 no'), 'queued charged 1 at 2026-01-01 12:00:10',
  'after the first failure it waits for initial_delay'
);
select results_eq(
  $$select r.worker_id, r.counted_as, r.started_at, r.attempt, r.error, r.suspect
    from rota_core.run as r where r.run_id = 1$$,
  $$values (null::int, null, null::timestamptz, 1,
    '{"sqlstate": "P0001", "message": "P0001 no"}'::jsonb, false)$$,
  'it belongs to nobody, and tells why'
);
select pg_temp.claimed(1, 2);
select is(
  pg_temp.fail(1, 'P0001 no', 2), 'queued charged 2 at 2026-01-01 12:00:20',
  'after the second twice as long'
);
select pg_temp.claimed(1, 3);
select is(pg_temp.fail(1, 'P0001 last', 3), 'failed charged 3', 'after the third it has failed');
select results_eq(
  $$select a.attempt, a.outcome, a.charged, a.worker_id, a.started_at, a.finished_at,
      a.error ->> 'message'
    from rota_core.attempt as a where a.run_id = 1 order by a.attempt$$,
  $$values
    (1, 'failed', true, -1, timestamptz '2026-01-01 11:59:58+00', timestamptz '2026-01-01 12:00+00',
      'P0001 no'),
    (2, 'failed', true, -1, '2026-01-01 11:59:58+00', '2026-01-01 12:00+00', 'P0001 no'),
    (3, 'failed', true, -1, '2026-01-01 11:59:58+00', '2026-01-01 12:00+00', 'P0001 last')$$,
  'each attempt is on record'
);
select is(
  (select f.error ->> 'message' from rota_core.finished_run as f where f.run_id = 1),
  'P0001 last', 'the last error stands'
);

-- what is worth another attempt
select is(pg_temp.fail(8, 'P0001 no'), 'failed charged 1', 'another error than listed is final');
select is(
  pg_temp.fail(9, '40001 again'), 'queued charged 1 at 2026-01-01 12:00:01', 'a listed one is not'
);

-- interrupted
update rota_core.run set stop_reason = 'timeout' where run_id = 2;
select is(
  pg_temp.fail(2, '57014 canceled'), 'queued charged 1 at 2026-01-01 12:00:10',
  'a timeout is charged'
);
update rota_core.run set stop_reason = 'cancel' where run_id = 3;
select is(pg_temp.fail(3, '57014 canceled'), 'cancelled charged 0', 'a cancel is final');
update rota_core.run set stop_reason = 'cancel' where run_id = 4;
select is(
  pg_temp.fail(4, 'P0001 no'), 'cancelled charged 0', 'whatever the handler made of it'
);
select is(
  pg_temp.fail(5, '57014 canceled'), 'queued charged 0 at 1970-01-01 00:00:00',
  'what nobody asked for is repeated at once, uncharged'
);
select pg_temp.claimed(6, 10);
select is(
  pg_temp.fail(6, '57014 canceled', 10), 'queued charged 1 at 2026-01-01 12:00:10',
  'but not for ever'
);
select results_eq(
  $$select a.run_id, a.outcome, a.charged, a.error ->> 'message'
    from rota_core.attempt as a where a.run_id between 2 and 6 order by a.run_id$$,
  $$values
    (2::bigint, 'timeout', true, 'timed out after 00:05:00'),
    (3, 'cancelled', false, '57014 canceled'),
    (4, 'cancelled', false, 'P0001 no'),
    (5, 'interrupted', false, '57014 canceled'),
    (6, 'failed', true, '57014 canceled')$$,
  'the attempts tell what it was'
);
select results_eq(
  $$select r.stop_reason, r.stop_requested_at, r.stop_signals from rota_core.run as r
    where r.run_id = 2$$,
  'values (null::text, null::timestamptz, 0)',
  'the next attempt begins without the request'
);

-- the definition that counts is the one there is now
select rota.define_task('a', 'test.f', max_attempts => 1, lane => 'new', concurrency => 1);
select pg_temp.claimed(5, 2);
update rota_core.run set lane = 'default', limited = false where run_id = 5;
select is(pg_temp.fail(5, '57014 canceled', 2), 'queued charged 0 at 1970-01-01 00:00:00', 'it is');
select results_eq(
  'select r.lane, r.limited from rota_core.run as r where r.run_id = 5',
  $$values ('new', true)$$, 'so it goes to the lane where the task is now'
);
select is(pg_temp.fail(7, 'P0001 no'), 'failed charged 1', 'and has the attempts it has now');

select * from finish();
rollback;
