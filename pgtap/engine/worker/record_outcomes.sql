begin;
select plan(11);

-- given: a still clock, two workers, and what they run
select test.set_clock('2026-01-01 12:00+00');
select test.make_workers();
select rota.define_task('a', 'test.f');
select rota.define_task('b', 'test.f');
select test.running(n.n, 'a') from generate_series(1, 6) as n (n);
select test.running(7, 'b', -2);
select test.running(8, 'b');
update rota_core.run set key = 'k', tags = '{x}', checkpoint = '1', progress = '2', rows_done = 3
where run_id = 1;

select is(
  test.callers('rota_core.record_outcomes'), '{rota_worker}', 'a worker records, and nobody else'
);

-- the fence: another's run, another attempt, a run that is gone, one that is there twice
create function pg_temp.record(outcomes rota_core.outcome[], any_failed boolean default false)
returns text language sql as $$
  select format('select rota_core.record_outcomes(-1, %L, %L, ''{}'')', outcomes, any_failed)
$$;
select throws_ok(
  pg_temp.record(array[test.outcome(1), test.outcome(7)]), 'RT003',
  'worker -1 was declared lost', 'the run of another worker is refused'
);
select throws_ok(
  pg_temp.record(array[test.outcome(1), test.outcome(2, attempt => 2)]), 'RT003', null,
  'so is another attempt'
);
select throws_ok(
  pg_temp.record(array[test.outcome(7, error => 'P0001 no')], true), 'RT003', null,
  'so is the failure of a run that another worker has'
);
select throws_ok(
  pg_temp.record(array[test.outcome(1), test.outcome(1)]), 'RT003', null,
  'so is an outcome that is told twice'
);
select is(
  (select count(*) from rota_core.run as r where r.state = 'running'), 8::bigint,
  'after the refusals nothing is recorded, not even what was right'
);

-- the deed
create temp table told as
select rota_core.record_outcomes(-1, array[
  test.outcome(1, '{"n": 1}'), test.outcome(2), test.outcome(3, error => 'P0001 no'),
  test.outcome(8)
], true, '{"a": 4, "c": 7}') as costs;
select results_eq(
  $$select f.run_id, f.state, f.output, f.attempt, f.worker_id, f.started_at, f.finished_at, f.key,
      f.tags::text, f.checkpoint, f.progress, f.rows_done, f.error
    from rota_core.finished_run as f order by f.run_id$$,
  $$values
    (1::bigint, 'succeeded', '{"n": 1}'::jsonb, 1, -1, timestamptz '2026-01-01 11:59:58+00',
      timestamptz '2026-01-01 12:00+00', 'k', '{x}', '1'::jsonb, '2'::jsonb, 3::bigint,
      null::jsonb),
    (2, 'succeeded', null, 1, -1, '2026-01-01 11:59:58+00', '2026-01-01 12:00+00', null, '{}',
      null, null, null, null),
    (8, 'succeeded', null, 1, -1, '2026-01-01 11:59:58+00', '2026-01-01 12:00+00', null, '{}',
      null, null, null, null)$$,
  'what succeeded moves to history with all that is known of it'
);
select results_eq(
  $$select r.run_id, r.state from rota_core.run as r where r.worker_id is distinct from -1
    order by r.run_id$$,
  $$values (3::bigint, 'queued'), (7, 'running')$$,
  'what failed waits for its next attempt'
);
select is(
  (select t.costs from told as t), '{"a": 2, "b": 2, "c": 7}',
  'what the tasks cost is learned: a slow attempt counts at once'
);
select is(
  rota_core.record_outcomes(-1, array[test.outcome(4)], false, '{"a": 0.05}') ->> 'a', '2',
  'for a task that was fast as well'
);

-- a worker that was declared lost
select rota_core.lose_worker(-1);
select throws_ok(
  $$select rota_core.record_outcomes(-1, array[row(5, 'a', 1, null, null, 'epoch', 'epoch')
      ::rota_core.outcome], false, '{}')$$, 'RT003', null,
  'a worker that was declared lost records nothing'
);

select * from finish();
rollback;
