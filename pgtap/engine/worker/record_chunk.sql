begin;
select plan(17);

-- given: a still clock, two workers, and what they run
select test.set_clock('2026-01-01 12:00+00');
create schema app;
grant usage on schema app to rota_worker;
select test.make_workers();
create function app.chunk(input jsonb, state jsonb) returns jsonb
language sql as $$ select state $$;
select rota.define_task(t.name, 'app.chunk', kind => 'chunked', initial_delay => '10 s')
from unnest('{c,still}'::text[]) as t (name);
select test.running(n.n, 'c') from generate_series(1, 6) as n (n);
select test.running(7, 'still');
update rota_core.run set charged = 2 where run_id = 1;

create function pg_temp.chunk(
  run_id bigint, output jsonb, error text default null, leaving boolean default false,
  worker_id int default -1, attempt int default 1
)
returns text language sql as $$
  select rota_core.record_chunk(
    worker_id, test.outcome(run_id, output, error, attempt), leaving
  )
$$;

select is(
  test.callers('rota_core.record_chunk'), '{rota_worker}', 'a worker records, and nobody else'
);

-- the fence
select throws_ok(
  $$select pg_temp.chunk(1, '{"state": 1}', worker_id => -2)$$, 'RT003',
  'worker -2 was declared lost', 'a chunk of another worker''s run is refused'
);
select throws_ok(
  $$select pg_temp.chunk(1, '{"state": 1}', attempt => 2)$$, 'RT003', null,
  'so is one of another attempt'
);

-- onward
select is(
  pg_temp.chunk(1, '{"state": {"at": 5}, "progress": {"done": 1}, "rows": 10}'), 'next',
  'after a chunk comes the next'
);
select is(pg_temp.chunk(1, '{"state": null, "rows": 5}'), 'next', 'and the next');
select results_eq(
  $$select r.state, r.checkpoint, r.progress, r.rows_done, r.charged from rota_core.run as r
    where r.run_id = 1$$,
  $$values ('running', 'null'::jsonb, '{"done": 1}'::jsonb, 15::bigint, 0)$$,
  'checkpoint and progress are kept, rows are summed, and progress makes up for failures'
);
select is(
  pg_temp.chunk(1, '{"done": true, "state": 9, "moved": 15, "rows": 1}'), 'done', 'until it is done'
);
select results_eq(
  $$select f.state, f.output, f.rows_done, f.started_at from rota_core.finished_run as f$$,
  $$values ('succeeded', '{"moved": 15, "rows": 1}'::jsonb, 16::bigint, timestamptz 'epoch')$$,
  'the run has its last answer, and began with its first chunk'
);

-- not onward
select pg_temp.chunk(2, '{"state": 7}');
select is(pg_temp.chunk(2, null, 'P0001 no'), 'failed', 'a chunk that failed ends the attempt');
select results_eq(
  'select r.state, r.checkpoint, r.charged, r.run_at from rota_core.run as r where r.run_id = 2',
  $$values ('queued', '7'::jsonb, 1, timestamptz '2026-01-01 12:00:10+00')$$,
  'the next one goes on at the checkpoint'
);
update rota_core.run set stop_reason = 'cancel' where run_id = 3;
select is(pg_temp.chunk(3, '{"state": 7, "rows": 4}'), 'cancelled', 'a cancel ends the run');
select results_eq(
  $$select f.state, f.checkpoint, f.rows_done from rota_core.finished_run as f where f.run_id = 3$$,
  $$values ('cancelled', '7'::jsonb, 4::bigint)$$,
  'after the chunk that was under way, which counts'
);
update rota_core.run set stop_reason = 'cancel' where run_id = 4;
select is(pg_temp.chunk(4, '{"done": true}'), 'done', 'unless it was the last');
select is(pg_temp.chunk(5, '{"state": 7}', leaving => true), 'left', 'a worker that leaves');
update rota_core.run set stop_reason = 'timeout' where run_id = 6;
select is(pg_temp.chunk(6, '{"state": 7}'), 'next', 'a chunk that was done in spite of a timeout');
select rota.pause('task', 'still');
select is(pg_temp.chunk(7, '{"state": 7}'), 'left', 'a task that was paused stops between chunks');
select results_eq(
  $$select r.run_id, r.state, r.checkpoint, r.attempt, r.charged, r.worker_id, r.stop_reason,
      r.limited
    from rota_core.run as r where r.run_id in (5, 6, 7) order by r.run_id$$,
  $$values
    (5::bigint, 'queued', '7'::jsonb, 0, 0, null::int, null, false),
    (6, 'running', '7', 1, 0, -1, null, false),
    (7, 'queued', '7', 0, 0, null, null, true)$$,
  'it goes on with the same attempt, wherever it is claimed next'
);

select * from finish();
rollback;
