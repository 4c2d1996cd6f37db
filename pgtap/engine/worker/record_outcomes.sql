begin;
select plan(11);

-- given: a still clock, two workers, and a way to have one of them run something
create or replace function rota_core.wall_clock() returns timestamptz
language sql as $$ select timestamptz '2026-01-01 12:00+00' $$;

create schema app;
grant usage on schema app to rota_worker;
create function app.f() returns void language sql as $$ select $$;
insert into rota_core.worker (worker_id, kind, lane, pid, role, started_at, seen_at)
overriding system value
values
  (-1, 'worker', 'default', 1, 'rota_worker', 'epoch', 'epoch'),
  (-2, 'worker', 'default', 2, 'rota_worker', 'epoch', 'epoch');

create function pg_temp.running(run_id bigint, task text, worker_id int default -1)
returns void language sql as $$
  insert into rota_core.run (
    run_id, task, lane, state, worker_id, attempt, run_at, claimed_at, started_at, created_at,
    created_by
  )
  overriding system value
  values (
    run_id, task, 'default', 'running', worker_id, 1, 'epoch', 'epoch', 'epoch', 'epoch', 'rota_app'
  )
$$;
create function pg_temp.outcome(
  run_id bigint, output jsonb default null, error text default null, attempt int default 1
)
returns rota_core.outcome language sql as $$
  select row(
    r.run_id, r.task, outcome.attempt, outcome.output,
    case when outcome.error is not null then jsonb_build_object(
      'sqlstate', split_part(outcome.error, ' ', 1), 'message', outcome.error
    ) end,
    timestamptz '2026-01-01 11:59:58+00', timestamptz '2026-01-01 12:00+00'
  )::rota_core.outcome
  from rota_core.run as r where r.run_id = outcome.run_id
$$;
select rota.define_task('a', 'app.f');
select rota.define_task('b', 'app.f');
select pg_temp.running(n.n, 'a') from generate_series(1, 6) as n (n);
select pg_temp.running(7, 'b', -2);
select pg_temp.running(8, 'b');
update rota_core.run set key = 'k', tags = '{x}', checkpoint = '1', progress = '2', rows_done = 3
where run_id = 1;

select results_eq(
  $$select r.role
    from unnest('{public,rota_admin,rota_app,rota_monitor,rota_reader,rota_worker}'::text[])
      as r (role)
    where has_function_privilege(r.role, 'rota_core.record_outcomes'::regproc, 'execute')$$,
  $$values ('rota_worker')$$,
  'a worker records, and nobody else'
);

-- the fence: another's run, another attempt, a run that is gone, one that is there twice
create function pg_temp.record(outcomes rota_core.outcome[], any_failed boolean default false)
returns text language sql as $$
  select format('select rota_core.record_outcomes(-1, %L, %L, ''{}'')', outcomes, any_failed)
$$;
select throws_ok(
  pg_temp.record(array[pg_temp.outcome(1), pg_temp.outcome(7)]), 'RT003',
  'worker -1 was declared lost', 'the run of another worker is refused'
);
select throws_ok(
  pg_temp.record(array[pg_temp.outcome(1), pg_temp.outcome(2, attempt => 2)]), 'RT003', null,
  'so is another attempt'
);
select throws_ok(
  pg_temp.record(array[pg_temp.outcome(7, error => 'P0001 no')], true), 'RT003', null,
  'so is the failure of a run that another worker has'
);
select throws_ok(
  pg_temp.record(array[pg_temp.outcome(1), pg_temp.outcome(1)]), 'RT003', null,
  'so is an outcome that is told twice'
);
select is(
  (select count(*) from rota_core.run as r where r.state = 'running'), 8::bigint,
  'after the refusals nothing is recorded, not even what was right'
);

-- the deed
create temp table told as
select rota_core.record_outcomes(-1, array[
  pg_temp.outcome(1, '{"n": 1}'), pg_temp.outcome(2), pg_temp.outcome(3, error => 'P0001 no'),
  pg_temp.outcome(8)
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
  rota_core.record_outcomes(-1, array[pg_temp.outcome(4)], false, '{"a": 0.05}') ->> 'a', '2',
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
